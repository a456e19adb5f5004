import { median, quantile } from "./statistics.ts";
import type { ChangeName, Findings } from "./trial.ts";

/** A row of the report. */
export interface Metric {
  readonly title: string;
  /** What it is for one proxy; undefined where it was not measured. */
  readonly value: (findings: Findings) => number | undefined;
  readonly format: (value: number) => string;
  /** Which value is the better one; absent where it does not matter. */
  readonly better?: "less" | "more";
  /** Whether the overview of all shapes has it. */
  readonly headline?: boolean;
}

/** The rows of the report, in order. */
export const METRICS: readonly Metric[] = [
  {
    title: "start → rules in force",
    value: ({ starts }) => median(starts.fresh),
    format: milliseconds,
    better: "less",
    headline: true,
  },
  {
    title: "CPU of all processes for that start",
    value: ({ starts }) => median(starts.cpuSeconds),
    format: (value) => `${value.toFixed(2)} s`,
    better: "less",
    headline: true,
  },
  {
    title: "restart over live rules → changed rules in force",
    value: ({ starts }) => median(starts.again),
    format: milliseconds,
    better: "less",
    headline: true,
  },
  ...changeRows("one endpoint changed", { headline: true }),
  ...changeRows("Service added"),
  ...changeRows("Service removed"),
  ...changeRows("scaled from 10 to 9"),
  ...changeRows("scaled from 10 to 500"),
  {
    title: "50 changes a second: CPU of all processes, of one core",
    value: ({ churn }) => churn && 100 * churn.cpuSeconds / churn.seconds,
    format: (value) => `${value.toFixed(1)} %`,
    better: "less",
    headline: true,
  },
  {
    title: "50 changes a second: lag p50",
    value: ({ churn }) => churn && quantile(churn.lags, 0.5),
    format: milliseconds,
    better: "less",
    headline: true,
  },
  {
    title: "50 changes a second: lag p99",
    value: ({ churn }) => churn && quantile(churn.lags, 0.99),
    format: milliseconds,
    better: "less",
  },
  {
    title: "resident memory of the proxy",
    value: ({ starts }) => median(starts.resident),
    format: megabytes,
    better: "less",
    headline: true,
  },
  {
    title: "resident memory after the churn",
    value: ({ churn }) => churn?.resident,
    format: megabytes,
    better: "less",
  },
  {
    title: "peak of all processes during a start",
    value: ({ starts }) => median(starts.peak),
    format: megabytes,
    better: "less",
    headline: true,
  },
  ...["TCP", "UDP", "TCP, ClientIP affinity", "UDP, ClientIP affinity"].flatMap(trafficRows),
  { title: "chains", value: ({ size }) => size.chains, format: count, better: "less" },
  { title: "rules", value: ({ size }) => size.rules, format: count, better: "less" },
  {
    title: "sets and maps, anonymous ones too",
    value: ({ size }) => size.sets,
    format: count,
    better: "less",
  },
  { title: "elements", value: ({ size }) => size.elements, format: count },
  { title: "load average before", value: ({ load }) => load, format: (value) => value.toFixed(1) },
];

function changeRows(name: ChangeName, { headline = false } = {}): readonly Metric[] {
  const row = (part: string, q: number, inOverview: boolean): Metric => ({
    title: `${name}, ${part}`,
    value: ({ changes }) => quantile(changes[name], q),
    format: milliseconds,
    better: "less",
    headline: inOverview,
  });
  if (!headline) return [row("p50", 0.5, false)];
  return [row("p50", 0.5, true), row("p99", 0.99, false), {
    title: `${name}, how often`,
    value: ({ changes }) => changes[name].length,
    format: count,
  }];
}

function trafficRows(title: string): readonly Metric[] {
  const of = ({ traffic }: Findings) => traffic.find((one) => one.title === title);
  return [
    {
      title: `new connections a second, ${title}`,
      value: (findings) => median(of(findings)?.rates ?? []),
      format: count,
      better: "more",
      headline: true,
    },
    ...([["p50", 0.5], ["p99", 0.99]] as const).map(([part, q]): Metric => ({
      title: `a new connection, ${title}, ${part}`,
      value: (findings) => quantile(of(findings)?.times ?? [], q),
      format: (value) => `${value.toFixed(0)} µs`,
      better: "less",
    })),
    {
      title: `connections that failed, ${title}`,
      value: (findings) => of(findings)?.failures || undefined,
      format: count,
    },
  ];
}

/** Writes a time of `value` milliseconds. */
export function milliseconds(value: number): string {
  return value >= 10_000
    ? `${(value / 1000).toFixed(1)} s`
    : `${value.toFixed(value < 100 ? 1 : 0)} ms`;
}

function megabytes(value: number): string {
  return `${Math.round(value / 1e6)} MB`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}
