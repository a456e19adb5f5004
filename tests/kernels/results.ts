import { parseJUnit, type Totals } from "../rings.ts";
import type { FileLine } from "./protocol.ts";

/** A test that did not pass. */
export interface Case {
  readonly name: string;
  /** Why it failed; undefined when it was left out. */
  readonly failure?: string;
}

/** What came of a file with tests. */
export interface FileResult extends Totals {
  readonly file: string;
  /** The tests that failed or were left out. */
  readonly cases: readonly Case[];
}

/** What came of the tests on one machine. */
export interface Result {
  /** The kernel's series, e.g. `6.1`. */
  readonly series: string;
  /** The version of the kernel's package, e.g. `6.1.158-1`. */
  readonly kernel: string;
  /** Versions of programs, by the names of their packages. */
  readonly programs: Readonly<Record<string, string>>;
  readonly deno: string;
  /** E.g. `2026-11-21`. */
  readonly date: string;
  /** Whether all tests ran, and the machine came to its end. */
  readonly complete: boolean;
  readonly files: readonly FileResult[];
}

/** Sums up what a machine says of a file. One that ended without a report, or badly for no reason given, counts as a failure. */
export function fileResult({ file, code, junit }: FileLine): FileResult {
  const totals = parseJUnit(junit) ?? { passed: 0, failed: 0, skipped: 0 };
  const cases = parseCases(junit);
  if (code === 0 || totals.failed > 0) return { file, ...totals, cases };
  const failure = { name: file, failure: `ended with exit code ${code}` };
  return { file, ...totals, failed: 1, cases: [...cases, failure] };
}

/** Reads what did not pass from a JUnit report. */
export function parseCases(junit: string): readonly Case[] {
  const elements = junit.matchAll(/<testcase\b([^>]*[^/])>([\s\S]*?)<\/testcase>/g);
  return [...elements].flatMap(([, attributes = "", body = ""]) => {
    const name = attribute(attributes, "name");
    if (/<skipped\b/.test(body)) return [{ name }];
    const failure = /<(?:failure|error)\b([^>]*)>/.exec(body);
    return failure === null ? [] : [{ name, failure: attribute(failure[1] ?? "", "message") }];
  });
}

const ENTITIES: Readonly<Record<string, string>> = {
  quot: '"',
  apos: "'",
  lt: "<",
  gt: ">",
  amp: "&",
  "#10": "\n",
};

function attribute(text: string, name: string): string {
  const value = new RegExp(`\\b${name}="([^"]*)"`).exec(text)?.[1] ?? "";
  return value.replace(/&([#\w]+);/g, (whole, entity: string) => ENTITIES[entity] ?? whole);
}
