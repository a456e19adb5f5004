import type { Transition } from "../../model/advance.ts";
import { type DesiredState, winner } from "../../model/desired_state.ts";
import { isSameEndpoint } from "../../model/endpoint.ts";
import { nodePortIPs } from "../../model/settings.ts";
import type { Frontend } from "../../model/frontend.ts";
import { endpointElement, frontendElements, hairpinKey, localOnlyKey } from "./elements.ts";
import type { Element } from "./objects.ts";
import { type List, SETS } from "./names.ts";
import { type Part, partsOf } from "./parts.ts";

/** What a transition changes in the kernel. */
export interface Difference {
  readonly removed: readonly Element[];
  readonly added: readonly Element[];
  /** Parts that one frontend more needs, and one less; a part may be in both. */
  readonly gained: readonly Part[];
  readonly lost: readonly Part[];
}

/**
 * Compares two states where a transition has touched them.
 *
 * Costs O(touched frontends and their endpoints); the result has only what really differs. An element whose
 * value changes is removed and added: the kernel has no update.
 */
export function difference(transition: Transition): Difference {
  const { previous, next } = transition;
  const draft: Draft = { removed: [], added: [], gained: [], lost: [] };
  for (const key of transition.frontends) {
    const [before, after] = [winner(previous, key), winner(next, key)];
    if (before === after) continue;
    compareFrontends(before, after, draft);
    if (before !== undefined) draft.lost.push(...partsOf(next.family, before));
    if (after !== undefined) draft.gained.push(...partsOf(next.family, after));
  }
  compareTallies(SETS.clusterIPs, transition, "clusterIPs", (address) => address, draft);
  compareTallies(SETS.hairpin, transition, "hairpins", hairpinKey, draft);
  compareTallies(SETS.localOnly, transition, "localOnly", localOnlyKey, draft);
  if (previous.settings !== next.settings) compareSettings(transition, draft);
  return draft;
}

interface Draft {
  removed: Element[];
  added: Element[];
  gained: Part[];
  lost: Part[];
}

function compareFrontends(
  before: Frontend | undefined,
  after: Frontend | undefined,
  draft: Draft,
): void {
  compareElements(
    before ? frontendElements(before) : [],
    after ? frontendElements(after) : [],
    draft,
  );
  for (const list of ["cluster", "local"] as const) compareSlots(before, after, list, draft);
}

function compareSlots(
  before: Frontend | undefined,
  after: Frontend | undefined,
  list: List,
  draft: Draft,
): void {
  const size = Math.max(before?.[list].length ?? 0, after?.[list].length ?? 0);
  for (let slot = 0; slot < size; slot++) {
    const old = before?.[list][slot];
    const now = after?.[list][slot];
    if (isSameEndpoint(old, now)) continue;
    if (before && old) draft.removed.push(endpointElement(before, list, slot, old));
    if (after && now) draft.added.push(endpointElement(after, list, slot, now));
  }
}

function compareElements(
  before: readonly Element[],
  after: readonly Element[],
  draft: Draft,
): void {
  const same = (a: Element) => (b: Element) =>
    a.map === b.map && a.key === b.key && a.rest === b.rest;
  draft.removed.push(...before.filter((element) => !after.some(same(element))));
  draft.added.push(...after.filter((element) => !before.some(same(element))));
}

function compareTallies(
  set: string,
  transition: Transition,
  tally: "clusterIPs" | "hairpins" | "localOnly",
  toKey: (value: string) => string,
  draft: Draft,
): void {
  const touched = [...transition[tally]];
  const keysIn = (state: DesiredState) => touched.filter((x) => state[tally].has(x)).map(toKey);
  compareSets(set, keysIn(transition.previous), keysIn(transition.next), draft);
}

function compareSettings({ previous, next }: Transition, draft: Draft): void {
  compareSets(SETS.serviceCIDRs, previous.settings.serviceCIDRs, next.settings.serviceCIDRs, draft);
  compareSets(SETS.nodePortIPs, nodePortIPs(previous.settings), nodePortIPs(next.settings), draft);
}

/** Compares the elements of a set of addresses or CIDRs. */
function compareSets(
  map: string,
  before: readonly string[],
  after: readonly string[],
  draft: Draft,
): void {
  const old = new Set(before);
  const now = new Set(after);
  for (const key of old) if (!now.has(key)) draft.removed.push({ map, key, rest: "" });
  for (const key of now) if (!old.has(key)) draft.added.push({ map, key, rest: "" });
}
