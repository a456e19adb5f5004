import type { Family } from "../../model/family.ts";
import type { Frontend } from "../../model/frontend.ts";
import {
  type Affinity,
  affinityMap,
  affinityMaps,
  affinityOf,
  affinityPortMap,
  hasPortMaps,
  stickyChain,
} from "./affinity.ts";
import { learners, parseListLearner } from "./affinity_learning.ts";
import { balancerChain, type List } from "./names.ts";
import type { Chain, Declaration } from "./objects.ts";
import { balancer } from "./schema.ts";

/**
 * A chain or map that comes and goes with what the cluster needs, unlike the fixed ones of the schema: balancers, one
 * for each distinct number of endpoints, and what session affinity needs.
 */
export type Part =
  | { readonly key: PartKey; readonly chain: Chain }
  | { readonly key: PartKey; readonly map: Declaration };

/** `chain NAME` or `map NAME`. */
export type PartKey = string;

/** Returns the parts that a frontend needs: each refers only to those before it. */
export function partsOf(family: Family, frontend: Frontend): readonly Part[] {
  const lists = (["cluster", "local"] as const).filter((list) => frontend[list].length > 0);
  const balancers = lists.map((list) => chainPart(balancerFor(family, frontend, list)));
  const affinity = affinityOf(frontend.owner);
  if (affinity === undefined || lists.length === 0) return balancers;
  return [
    ...affinityMaps(family, affinity).map(mapPart),
    ...balancers,
    ...lists.map((list) => chainPart(stickyFor(family, frontend, list, affinity))),
    ...learners(family, affinity).map(chainPart),
  ];
}

/** Returns the name of the chain in which a connection to a frontend gets an endpoint from a list. */
export function entryChain(frontend: Frontend, list: List): string {
  const affinity = affinityOf(frontend.owner);
  const plain = balancerName(frontend, list);
  return affinity === undefined ? plain : `sticky-${plain}-${affinity.id}`;
}

/** What a name in a live table can be; later ones refer to earlier ones. */
const RANKS: readonly RegExp[] = [
  /^map affinity-/,
  /^chain (tcp|udp|sctp)(-nodeport)?(-local)?-lb-\d+$/,
  /^chain sticky-(tcp|udp|sctp)(-nodeport)?(-local)?-lb-\d+-./,
  /^chain learn-(local-)?\d+s-./,
  /^chain learn-both-\d+s-./,
];

/** Returns the parts among the chains of a live table. Affinity maps are known by the chains that fill them. */
export function partsIn(family: Family, chains: Iterable<string>): ReadonlySet<PartKey> {
  const found = new Set<PartKey>();
  for (const name of chains) {
    const key = `chain ${name}`;
    if (rankOf(key) < 0) continue;
    found.add(key);
    const learner = parseListLearner(name);
    if (learner === undefined) continue;
    found.add(`map ${affinityMap(learner.id, learner.list)}`);
    if (hasPortMaps(family)) found.add(`map ${affinityPortMap(learner.id, learner.list)}`);
  }
  return found;
}

/** Puts parts into an order in which they can be deleted: those that refer to others first. */
export function inDeletionOrder(keys: Iterable<PartKey>): readonly PartKey[] {
  return [...keys].sort((a, b) => rankOf(b) - rankOf(a) || (a < b ? -1 : 1));
}

/** Puts parts into an order in which they can be made: those that others refer to first. */
export function inCreationOrder(parts: Iterable<Part>): readonly Part[] {
  return [...parts].sort((a, b) => rankOf(a.key) - rankOf(b.key) || (a.key < b.key ? -1 : 1));
}

function rankOf(key: PartKey): number {
  return RANKS.findIndex((pattern) => pattern.test(key));
}

function chainPart(chain: Chain): Part {
  return { key: `chain ${chain.name}`, chain };
}

function mapPart(map: Declaration): Part {
  return { key: `map ${map.name}`, map };
}

function balancerName(frontend: Frontend, list: List): string {
  return balancerChain({
    protocol: frontend.protocol,
    nodePort: frontend.kind === "NodePort",
    list,
    size: frontend[list].length,
  });
}

function balancerFor(family: Family, frontend: Frontend, list: List): Chain {
  return balancer(family, {
    protocol: frontend.protocol,
    nodePort: frontend.kind === "NodePort",
    list,
    size: frontend[list].length,
  });
}

function stickyFor(family: Family, frontend: Frontend, list: List, affinity: Affinity): Chain {
  return stickyChain(family, entryChain(frontend, list), {
    affinity,
    list,
    balancer: balancerName(frontend, list),
  });
}
