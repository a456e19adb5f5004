import type { DesiredState } from "../../model/desired_state.ts";
import { frontends } from "../../model/desired_state.ts";
import { nodePortIPs } from "../../model/settings.ts";
import { balancersOf, type Element, elementsOf, frontendElements, hairpinKey } from "./elements.ts";
import { type Balancer, balancerChain, SETS } from "./names.ts";
import { balancer, declarations, fixedChains } from "./schema.ts";
import { Statements } from "./statements.ts";

/** What the kernel holds of weir's table before a full apply. */
export interface LiveTable {
  /** True when its schema is another version's: it is deleted and made anew in the same transaction. */
  readonly outdated: boolean;
  /** The balancer chains in it; those that are no longer needed are emptied. */
  readonly balancers: ReadonlySet<string>;
}

/** A kernel that holds no table of weir's, or one of which nothing is known: the script works for both. */
export const UNKNOWN_TABLE: LiveTable = { outdated: false, balancers: new Set() };

/**
 * Yields the script that writes a whole ruleset, in chunks.
 *
 * It is idempotent and one transaction: over a live table it replaces everything in it without a gap.
 */
export function* fullScript(
  state: DesiredState,
  live: LiveTable = UNKNOWN_TABLE,
): Iterable<string> {
  const write = new Statements(state.family);
  yield write.addTable();
  if (live.outdated) yield write.deleteTable() + write.addTable();
  const sets = declarations(state.family);
  for (const set of sets) yield write.declare(set) + write.flush(set);
  const chains = [...balancerChains(state).values(), ...fixedChains(state.family, state.settings)];
  for (const chain of chains) yield write.addChain(chain) + write.flushChain(chain);
  for (const chain of chains) yield write.addRules(chain);
  yield* write.addElements(allElements(state));
}

/** Returns the balancer chains that a state needs, by name. */
function balancerChains(state: DesiredState) {
  const needed = new Map<string, Balancer>();
  for (const frontend of frontends(state)) {
    for (const one of balancersOf(frontend)) needed.set(balancerChain(one), one);
  }
  return new Map(
    [...needed].sort().map(([name, one]) => [name, balancer(state.family, name, one)]),
  );
}

/** Yields every element of a state: of the sets, then of the maps. */
export function* allElements(state: DesiredState): Iterable<Element> {
  const inSet = (map: string) => (key: string): Element => ({ map, key, rest: "" });
  yield* [...state.clusterIPs.keys()].map(inSet(SETS.clusterIPs));
  yield* nodePortIPs(state.settings).map(inSet(SETS.nodePortIPs));
  yield* state.settings.serviceCIDRs.map(inSet(SETS.serviceCIDRs));
  yield* [...state.hairpins.keys()].map(hairpinKey).map(inSet(SETS.hairpin));
  for (const frontend of frontends(state)) yield* elementsOf(frontend);
}

/** Returns the number of elements that {@linkcode allElements} yields, without making them. */
export function countElements(state: DesiredState): number {
  let total = state.clusterIPs.size + state.hairpins.size +
    state.settings.serviceCIDRs.length + nodePortIPs(state.settings).length;
  for (const frontend of frontends(state)) {
    total += frontendElements(frontend).length + frontend.cluster.length + frontend.local.length;
  }
  return total;
}
