import { parseArgs } from "node:util";
import type { Shape } from "./cluster.ts";

/** How thoroughly to measure. Times are milliseconds. */
export interface Effort {
  /** How often the proxies take turns on a cluster: the machine may be faster at one time than at another. */
  readonly turns: number;
  /** How often a proxy is started, and restarted. */
  readonly starts: number;
  /** How many endpoints are changed one after the other. */
  readonly changes: number;
  /** How often a Service is added, removed and scaled. */
  readonly events: number;
  /** A measurement that repeats itself takes no further turn after this time. */
  readonly budgetMs: number;
  /** How long to wait for the machine to be quiet before each measurement. */
  readonly quietMs: number;
  /** Seconds of churn. */
  readonly churnSeconds: number;
  /** New connections a round, and rounds. The proxies take turns in each. */
  readonly connections: number;
  readonly rounds: number;
}

/** What the command line asks for. */
export interface BenchOptions {
  readonly shapes: readonly Shape[];
  readonly effort: Effort;
  /** The folder that keeps the data of filled API servers for the next time; undefined: they are filled every time. */
  readonly data: string | undefined;
  /** The file that takes the results; undefined: they are printed. */
  readonly output: string | undefined;
}

const USAGE = `usage: deno task bench [--quick] [--services=1000,5000,10000] [--endpoints=10]
                       [--churn=SECONDS] [--plain] [--data=DIR] [--output=FILE]

  --quick      1,000 services, in some three minutes
  --services   the numbers of services to measure at
  --endpoints  the endpoints of each
  --churn      how long to change 50 endpoints a second
  --plain      leave out the special shapes: one service, session affinity, 5,000 endpoints
  --data       keep the data of filled API servers there, and use what is there
  --output     where to write the results (default: bench/RESULTS.md; --quick prints them)`;

const THOROUGH: Effort = {
  turns: 2,
  starts: 2,
  changes: 30,
  events: 3,
  budgetMs: 60_000,
  quietMs: 15_000,
  churnSeconds: 60,
  connections: 4_000,
  rounds: 6,
};

const QUICK: Effort = {
  turns: 2,
  starts: 2,
  changes: 20,
  events: 2,
  budgetMs: 15_000,
  quietMs: 2_000,
  churnSeconds: 5,
  connections: 3_000,
  rounds: 3,
};

/** Reads the command line. Throws an `Error` with the usage when it makes no sense. */
export function parseOptions(args: readonly string[]): BenchOptions {
  const values = valuesOf(args);
  const quick = values.quick ?? false;
  const endpoints = number("endpoints", values.endpoints ?? "10");
  const counts = (values.services ?? (quick ? "1000" : "1000,5000,10000")).split(",");
  const plain = counts.map((text) => plainShape(number("services", text), endpoints));
  const effort = quick ? QUICK : THOROUGH;
  return {
    shapes: quick || values.plain ? plain : [...plain, ...SPECIAL_SHAPES],
    effort: values.churn === undefined
      ? effort
      : { ...effort, churnSeconds: number("churn", values.churn) },
    data: values.data,
    output: values.output ?? (quick ? undefined : "bench/RESULTS.md"),
  };
}

const SPECIAL_SHAPES: readonly Shape[] = [
  { title: "1 service", services: 1, endpoints: 10, affinity: false },
  { title: "1,000 with ClientIP affinity", services: 1000, endpoints: 10, affinity: true },
  { title: "1 service with 5,000 endpoints", services: 1, endpoints: 5000, affinity: false },
];

function plainShape(services: number, endpoints: number): Shape {
  const title = `${services.toLocaleString("en")} services`;
  return { title, services, endpoints, affinity: false };
}

function valuesOf(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: "boolean" },
        plain: { type: "boolean" },
        services: { type: "string" },
        endpoints: { type: "string" },
        churn: { type: "string" },
        data: { type: "string" },
        output: { type: "string" },
      },
    }).values;
  } catch (error) {
    throw new Error(`${error instanceof Error ? error.message : error}\n\n${USAGE}`);
  }
}

function number(flag: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new Error(`Cannot use "--${flag}": "${text}" is not a positive number\n\n${USAGE}`);
}
