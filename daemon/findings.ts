import type { Transition } from "../model/advance.ts";
import { type Conflict, conflictAbout, describeConflict } from "../model/conflicts.ts";
import type { Problem } from "../model/problem.ts";
import type { ServiceState } from "../model/service_state.ts";

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

/** Hints of a Service port's endpoints that do not count. */
export interface IgnoredHints {
  /** The name of the Service port. */
  readonly port: string;
  readonly reason: string;
}

/** Returns which hints do not count now in the Services of a transition, and why, unless that was so before. */
export function newlyIgnoredHints({ previous, next, services }: Transition): IgnoredHints[] {
  return [...services].flatMap((key) => {
    const ignored = ignoredHintsOf(next.services.get(key));
    if (ignored.length === 0) return ignored;
    const known = ignoredHintsOf(previous.services.get(key));
    return ignored.filter((one) =>
      !known.some(({ port, reason }) => port === one.port && reason === one.reason)
    );
  });
}

function ignoredHintsOf(state: ServiceState | undefined): IgnoredHints[] {
  return (state?.ports ?? []).flatMap(({ port, selection }) =>
    selection.ignoredHints.map((reason) => ({ port: port.name, reason }))
  );
}

function textOf({ object, message }: Problem): string {
  return `${object} ${message}`;
}
