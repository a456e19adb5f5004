import type { DesiredState } from "../../model/desired_state.ts";
import { frontends } from "../../model/desired_state.ts";
import { nodePortIPs } from "../../model/settings.ts";
import { elementsOf, frontendElements, hairpinKey, localOnlyKey } from "./elements.ts";
import type { Element } from "./objects.ts";
import { KUBE_PROXY_TABLE, SETS } from "./names.ts";
import { inCreationOrder, type Part, type PartKey, partsOf } from "./parts.ts";
import { declarations, fixedChains } from "./schema.ts";
import { Statements } from "./statements.ts";

/** What the kernel holds before a full apply, of weir's table and of what it takes the place of. */
export interface LiveTable {
  /** True when there is no table of weir's. */
  readonly absent: boolean;
  /** True when its schema is another version's, or somebody else hooked into it: it is made anew in the same transaction. */
  readonly outdated: boolean;
  /** The parts in it. */
  readonly parts: ReadonlySet<PartKey>;
  /** True when kube-proxy's own table is there: it leaves in the same transaction, so that no packet meets both or neither. */
  readonly hasKubeProxy: boolean;
}

/** A kernel that holds no table of weir's, or one of which nothing is known: the script works for both. */
export const UNKNOWN_TABLE: LiveTable = {
  absent: false,
  outdated: false,
  parts: new Set(),
  hasKubeProxy: false,
};

/**
 * Yields the script that writes a whole ruleset, in chunks.
 *
 * It is idempotent and one transaction: over a live table it replaces everything in it without a gap, except what
 * session affinity has learned.
 */
export function* fullScript(
  state: DesiredState,
  live: LiveTable = UNKNOWN_TABLE,
): Iterable<string> {
  const write = new Statements(state.family);
  if (live.hasKubeProxy) yield new Statements(state.family, KUBE_PROXY_TABLE).withoutTable();
  yield write.addTable();
  if (live.outdated) yield write.deleteTable() + write.addTable();
  for (const set of declarations(state.family)) yield write.declare(set) + write.flush(set);
  const parts = inCreationOrder(allParts(state));
  for (const part of parts) if ("map" in part) yield write.declare(part.map);
  const chains = [
    ...parts.flatMap((part) => "chain" in part ? [part.chain] : []),
    ...fixedChains(state.family, state.settings),
  ];
  for (const chain of chains) yield write.addChain(chain) + write.flushChain(chain);
  for (const chain of chains) yield write.addRules(chain);
  yield* write.addElements(allElements(state));
}

/** Returns the parts that a state needs, each once. */
function allParts(state: DesiredState): Iterable<Part> {
  const needed = new Map<PartKey, Part>();
  for (const frontend of frontends(state)) {
    for (const part of partsOf(state.family, frontend)) needed.set(part.key, part);
  }
  return needed.values();
}

/** Yields every element of a state: of the sets, then of the maps. */
export function* allElements(state: DesiredState): Iterable<Element> {
  const inSet = (map: string) => (key: string): Element => ({ map, key, rest: "" });
  yield* [...state.clusterIPs.keys()].map(inSet(SETS.clusterIPs));
  yield* nodePortIPs(state.settings).map(inSet(SETS.nodePortIPs));
  yield* state.settings.serviceCIDRs.map(inSet(SETS.serviceCIDRs));
  yield* [...state.hairpins.keys()].map(hairpinKey).map(inSet(SETS.hairpin));
  yield* [...state.localOnly.keys()].map(localOnlyKey).map(inSet(SETS.localOnly));
  for (const frontend of frontends(state)) yield* elementsOf(frontend);
}

/** Returns the number of elements that {@linkcode allElements} yields, without making them. */
export function countElements(state: DesiredState): number {
  let total = state.clusterIPs.size + state.hairpins.size + state.localOnly.size +
    state.settings.serviceCIDRs.length + nodePortIPs(state.settings).length;
  for (const frontend of frontends(state)) {
    total += frontendElements(frontend).length + frontend.cluster.length + frontend.local.length;
  }
  return total;
}
