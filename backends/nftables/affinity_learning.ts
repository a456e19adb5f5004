import type { Family, Protocol } from "../../model/family.ts";
import type { Frontend } from "../../model/frontend.ts";
import {
  type Affinity,
  affinityLists,
  affinityMap,
  affinityOf,
  affinityPortMap,
  hasPortMaps,
} from "./affinity.ts";
import { type List, nftFamily, nftProtocol, SETS } from "./names.ts";
import { UNLEARNED_SECONDS } from "./affinity_unlearned.ts";
import type { Chain, Element } from "./objects.ts";

/** Returns the name of the chain that remembers a client's choice. */
export function learnerChain(affinity: Affinity): string {
  const { id, seconds, hasLocal } = affinity;
  return hasLocal ? `learn-both-${seconds}s-${id}` : listLearner(affinity, "cluster");
}

/** Returns the chains that remember a client's choice, each after those that it leads to. */
export function learners(family: Family, affinity: Affinity): readonly Chain[] {
  const ip = nftFamily(family);
  const byList = affinityLists(affinity).map((list) => ({
    name: listLearner(affinity, list),
    rules: [remember(family, affinity, list), noteMiss(ip, affinity)],
  }));
  if (!affinity.hasLocal) return byList;
  const rules = [
    `${isForAll(ip)} jump ${listLearner(affinity, "cluster")}`,
    `${isHere(ip)} jump ${listLearner(affinity, "local")}`,
  ];
  return [...byList, { name: learnerChain(affinity), rules }];
}

/** Reads the name of a chain that fills maps: whose they are, and of which list. */
export function parseListLearner(
  chain: string,
): { readonly id: string; readonly list: List } | undefined {
  const [, both, local, id] = /^learn-(both-)?(local-)?\d+s-(.+)$/.exec(chain) ?? [];
  if (id === undefined || both !== undefined) return undefined;
  return { id, list: local === undefined ? "cluster" : "local" };
}

function listLearner({ id, seconds }: Affinity, list: List): string {
  return `learn-${list === "local" ? "local-" : ""}${seconds}s-${id}`;
}

/** Writes the rule that puts the choice into the map or maps. Where one has no room, the rule ends there. */
function remember(family: Family, { id, protocol, seconds }: Affinity, list: List): string {
  const ip = nftFamily(family);
  const l4 = nftProtocol(protocol);
  const update = (map: string, value: string) =>
    `update @${map} { ct original ${ip} saddr timeout ${seconds}s : ${value} }`;
  const updates = hasPortMaps(family)
    ? [
      update(affinityMap(id, list), `${ip} daddr`),
      update(affinityPortMap(id, list), `${l4} dport`),
    ]
    : [update(affinityMap(id, list), `${ip} daddr . ${l4} dport`)];
  return `meta l4proto ${l4} ${updates.join(" ")} return`;
}

/** Writes the rule that is met when the one before could not remember the choice. */
function noteMiss(ip: string, { protocol }: Affinity): string {
  const frontend = `ct original ${ip} daddr . meta l4proto . ct original proto-dst`;
  const element = `{ ${frontend} timeout ${UNLEARNED_SECONDS}s }`;
  return `meta l4proto ${nftProtocol(protocol)} update @${SETS.unlearned} ${element}`;
}

/** Matches packets to an endpoint on this node: those are in the hairpin set with themselves. */
function isHere(ip: string): string {
  return `${ip} daddr . ${ip} daddr @${SETS.hairpin}`;
}

/** Matches packets to an endpoint that is not for traffic alone which must stay on this node. */
function isForAll(ip: string): string {
  return `${ip} daddr . meta l4proto . th dport != @${SETS.localOnly}`;
}

/** Returns the name of the map that tells, by the frontend, whose choice a connection is. */
export function learnerMap(protocol: Protocol, nodePort: boolean): string {
  return `${nftProtocol(protocol)}-${nodePort ? "nodeport-" : ""}learners`;
}

/** Returns the element that leads from a frontend to the chain that remembers its clients' choices. */
export function learnerElements(frontend: Frontend): readonly Element[] {
  const affinity = affinityOf(frontend.owner);
  if (affinity === undefined) return [];
  if (frontend.cluster.length === 0 && frontend.local.length === 0) return [];
  const isNodePort = frontend.kind === "NodePort";
  return [{
    map: learnerMap(frontend.protocol, isNodePort),
    key: isNodePort ? `${frontend.port}` : `${frontend.address} . ${frontend.port}`,
    rest: ` : jump ${learnerChain(affinity)}`,
  }];
}
