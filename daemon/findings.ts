import type { Transition } from "../model/advance.ts";
import { type Conflict, conflictAbout, describeConflict } from "../model/conflicts.ts";
import type { Problem } from "../model/problem.ts";

/** Returns what is wrong now in the Services of a transition and was not before. */
export function newProblems({ previous, next, services }: Transition): readonly Problem[] {
  return [...services].flatMap((key) => {
    const known = new Set(previous.services.get(key)?.problems.map(textOf));
    const problems = next.services.get(key)?.problems ?? [];
    return problems.filter((problem) => !known.has(textOf(problem)));
  });
}

/** Returns the conflicts that a transition began or changed. */
export function newConflicts({ previous, next, frontends }: Transition): readonly Conflict[] {
  return [...frontends].flatMap((key) => {
    const now = conflictAbout(next, key);
    if (now === undefined) return [];
    const before = conflictAbout(previous, key);
    const isKnown = before !== undefined && describeConflict(before) === describeConflict(now);
    return isKnown ? [] : [now];
  });
}

function textOf({ object, message }: Problem): string {
  return `${object} ${message}`;
}
