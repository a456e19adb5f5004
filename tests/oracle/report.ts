import { covers, type DeliberateDifference, isAbout } from "./differences.ts";
import type { Comparison } from "./run.ts";

/** What came of a run of the oracle. */
export interface Verdict {
  /** One line for each scenario, and below it two for each outcome that differs. */
  readonly lines: readonly string[];
  /** Differences that nobody has said are meant. */
  readonly unexplained: readonly Comparison[];
}

/** Says for each scenario whether the proxies did the same; on request, with what they did then too. */
export function judge(
  comparisons: readonly Comparison[],
  deliberate: readonly DeliberateDifference[],
  shows: "differences" | "everything" = "differences",
): Verdict {
  const lines: string[] = [];
  const unexplained: Comparison[] = [];
  const scenarios = Map.groupBy(comparisons, ({ scenario }) => scenario);
  for (const [scenario, seen] of scenarios) {
    const different = seen.filter(({ reference, weir }) => reference !== weir);
    const bad = different.filter((one) => !deliberate.some((entry) => covers(entry, one)));
    unexplained.push(...bad);
    const word = bad.length > 0 ? "DIFFERENT" : different.length > 0 ? "deliberate" : "same";
    lines.push(`${word.padEnd(10)} ${scenario} (${seen.length} probes)`);
    for (const one of shows === "everything" ? seen : different) lines.push(...detail(one));
  }
  return { lines, unexplained };
}

/** Returns the deliberate differences that did not show, though their scenarios were played. */
export function stale(
  comparisons: readonly Comparison[],
  deliberate: readonly DeliberateDifference[],
): readonly DeliberateDifference[] {
  return deliberate.filter((entry) =>
    !entry.sometimes && comparisons.some((seen) => isAbout(entry, seen)) &&
    !comparisons.some((seen) => seen.reference !== seen.weir && covers(entry, seen))
  );
}

function detail({ step, probe, reference, weir }: Comparison): string[] {
  const outcome = reference === weir ? `both: ${weir}` : `kube-proxy: ${reference}; weir: ${weir}`;
  return [`             ${step}: ${probe}`, `               ${outcome}`];
}

/** Lists differences, those of a scenario's step with the same outcomes as one. */
export function digest(differences: readonly Comparison[]): readonly string[] {
  const groups = Map.groupBy(
    differences,
    ({ scenario, step, reference, weir }) => [scenario, step, reference, weir].join("\n"),
  );
  return [...groups.values()].flatMap(([first, ...others]) => {
    if (first === undefined) return [];
    const { run, scenario, step, probe, reference, weir } = first;
    const more = others.length === 0 ? "" : ` and ${others.length} more`;
    return [
      `- ${run}: ${scenario}: ${step}: ${probe}${more}`,
      `    kube-proxy: ${reference}; weir: ${weir}`,
    ];
  });
}
