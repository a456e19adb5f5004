import { type Metric, METRICS, milliseconds } from "./metrics.ts";
import { quantile } from "./statistics.ts";
import type { Findings } from "./trial.ts";

/** Both proxies on one cluster. */
export interface Comparison {
  readonly title: string;
  readonly endpoints: number;
  readonly kubeProxy: Findings;
  readonly weir: Findings;
  /** Milliseconds of a changed endpoint without any proxy: the API server's watch, and `nft -i`. */
  readonly floor: readonly number[];
}

/** What a report is made of. */
export interface ReportParts {
  /** Pairs of a name and a text. */
  readonly machine: readonly (readonly [string, string])[];
  readonly comparisons: readonly Comparison[];
  /** The command that made it. */
  readonly command: string;
}

/** The row of what no proxy could be faster than, and the one that it follows. */
const FLOOR = "... with nothing between the watch and `nft -i`, p50";
const FLOOR_AFTER = "one endpoint changed, p99";

const EXPLANATION =
  `Both proxies take turns in the same network namespace, on the same real API server with the same
data, with the same configuration file (\`minSyncPeriod: 1ms\`). Every factor says how many times better weir is:
more than 1 is good for weir. Times of starts are from the start of the process until a connection to a Service is
answered; then connections to Services from the first to the last are, too. Times of changes are from the request to the API server
until \`nft monitor\` announces the rules. Medians, unless a row says otherwise. After everything the table of
each proxy was listed and had exactly the endpoints that it should have.`;

/** Writes the results as Markdown. */
export function report({ machine, comparisons, command }: ReportParts): string {
  return [
    "# kube-proxy and weir, side by side\n",
    `Made by \`${command}\`.\n`,
    EXPLANATION,
    "",
    table(["", ""], machine),
    "## At a glance: how many times better weir is\n",
    glance(comparisons),
    ...comparisons.flatMap((one) => [
      `## ${one.title}, ${one.endpoints.toLocaleString("en")} endpoints each\n`,
      details(one),
    ]),
  ].join("\n");
}

function glance(comparisons: readonly Comparison[]): string {
  const metrics = METRICS.filter(({ headline }) => headline);
  return table(
    ["", ...comparisons.map(({ title }) => title)],
    metrics.map((metric) => [
      metric.title,
      ...comparisons.map((one) => factor(metric, one)),
    ]),
  );
}

function details(comparison: Comparison): string {
  const { kubeProxy, weir, floor } = comparison;
  const rows = METRICS.flatMap((metric) => {
    const [theirs, ours] = [metric.value(kubeProxy), metric.value(weir)];
    if (theirs === undefined && ours === undefined) return [];
    return [[metric.title, show(metric, theirs), show(metric, ours), factor(metric, comparison)]];
  });
  const least = quantile(floor, 0.5);
  if (least !== undefined) {
    const after = rows.findIndex(([title]) => title === FLOOR_AFTER);
    rows.splice(after + 1, 0, [FLOOR, "", milliseconds(least), ""]);
  }
  return table(["", "kube-proxy", "weir", "factor"], rows);
}

function show({ format }: Metric, value: number | undefined): string {
  return value === undefined ? "" : format(value);
}

/** Returns how many times better weir is; "" where there is no better. */
function factor({ value, better }: Metric, { kubeProxy, weir }: Comparison): string {
  const [theirs, ours] = [value(kubeProxy), value(weir)];
  if (theirs === undefined || ours === undefined || better === undefined) return "";
  const ratio = better === "less" ? theirs / ours : ours / theirs;
  if (!Number.isFinite(ratio)) return "";
  return `× ${ratio >= 10 ? Math.round(ratio).toLocaleString("en") : ratio.toFixed(2)}`;
}

function table(
  [first = "", ...titles]: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |\n`;
  return line([first, ...titles]) + line(["---", ...titles.map(() => "---:")]) +
    rows.map(line).join("");
}
