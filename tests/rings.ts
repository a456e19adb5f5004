/** One ring of tests: what it needs grows from ring to ring. */
export interface Ring {
  readonly name: string;
  /** What `deno test` is told to run. */
  readonly paths: readonly string[];
  readonly ignore: readonly string[];
  /** Whether it runs in a network namespace of its own. */
  readonly namespace: boolean;
}

/** The rings, cheapest first. */
export const RINGS: readonly Ring[] = [
  { name: "unit", paths: ["tests"], ignore: ["tests/kernel", "tests/cluster"], namespace: false },
  { name: "kernel", paths: ["tests/kernel"], ignore: [], namespace: true },
  { name: "cluster", paths: ["tests/cluster"], ignore: [], namespace: true },
];

/** How many tests passed, failed, and were left out. */
export interface Totals {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/** Reads the totals of a JUnit report; undefined when there is none. */
export function parseJUnit(xml: string): Totals | undefined {
  const root = /<testsuites\b[^>]*>/.exec(xml)?.[0];
  if (root === undefined) return undefined;
  const count = (tag: string, name: string) =>
    Number(new RegExp(`\\b${name}="(\\d+)"`).exec(tag)?.[1] ?? 0);
  const suites = xml.match(/<testsuite\b[^>]*>/g) ?? [];
  const skipped = suites.reduce((sum, suite) => sum + count(suite, "disabled"), 0);
  const failed = count(root, "failures") + count(root, "errors");
  return { passed: count(root, "tests") - failed - skipped, failed, skipped };
}

/** Adds up totals. */
export function sum(totals: readonly Totals[]): Totals {
  return totals.reduce((a, b) => ({
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  }), { passed: 0, failed: 0, skipped: 0 });
}
