import type { Family, Protocol } from "../../model/family.ts";
import type { Frontend } from "../../model/frontend.ts";
import type { ServicePort } from "../../model/service_port.ts";
import type { Element } from "./objects.ts";
import { type List, nftFamily, nftProtocol, SETS } from "./names.ts";
import type { Chain, Declaration } from "./objects.ts";

/**
 * ClientIP session affinity: one small map per Service port remembers which endpoint each client has.
 *
 * It is the one thing for which weir makes maps per Service, because a map is where entries can time out. All
 * frontends of the port share it. A client's choice is learned after translation, in postrouting or input, when the
 * chosen endpoint is the packet's destination; each new connection renews the entry.
 */

/** Entries that one map can hold. When it is full, further clients get a random endpoint each time. */
const ENTRIES = 131_072;

/** What the affinity of a Service port needs to be told from others and kept apart. */
export interface Affinity {
  /** `namespace/name/protocol/port`, cut to what a name in nftables can be. */
  readonly id: string;
  readonly protocol: Protocol;
  readonly seconds: number;
  /** True when some traffic must stay on this node: those choices are remembered apart. */
  readonly hasLocal: boolean;
}

/** Returns the affinity of a Service port, or undefined when it has none. */
export function affinityOf(port: ServicePort): Affinity | undefined {
  if (port.affinitySeconds === 0) return undefined;
  const { protocol, affinitySeconds: seconds } = port;
  const hasLocal = port.internalPolicy === "Local" || port.externalPolicy === "Local";
  return { id: identifier(port), protocol, seconds, hasLocal };
}

/** Returns the name of the map that holds the choices of clients from one list. */
export function affinityMap(id: string, list: List): string {
  return list === "cluster" ? `affinity-${id}` : `affinity-local-${id}`;
}

/** Returns the name of the map that holds the chosen endpoint's port, where that is a map of its own. */
export function affinityPortMap(id: string, list: List): string {
  return list === "cluster" ? `affinity-port-${id}` : `affinity-port-local-${id}`;
}

/** Returns the lists of whose choices there is a map. */
export function affinityLists({ hasLocal }: Affinity): readonly List[] {
  return hasLocal ? ["cluster", "local"] : ["cluster"];
}

/** Returns the maps of a Service port's affinity. */
export function affinityMaps(family: Family, affinity: Affinity): readonly Declaration[] {
  const ip = nftFamily(family);
  const port = `${nftProtocol(affinity.protocol)} dport`;
  const declare = (name: string, value: string): Declaration => ({
    what: "map",
    name,
    body: `typeof ${ip} saddr : ${value} ; flags dynamic,timeout ; size ${ENTRIES}`,
  });
  return affinityLists(affinity).flatMap((list) =>
    hasPortMaps(family)
      ? [
        declare(affinityMap(affinity.id, list), `${ip} daddr`),
        declare(affinityPortMap(affinity.id, list), port),
      ]
      : [declare(affinityMap(affinity.id, list), `${ip} daddr . ${port}`)]
  );
}

/**
 * Tells whether address and port of a chosen endpoint are in maps of their own.
 *
 * nft 1.0.6 has not enough registers for `update @map { ip6 saddr : ip6 daddr . tcp dport }` and aborts.
 */
export function hasPortMaps(family: Family): boolean {
  return family === "IPv6";
}

/** Returns the chain that sends known clients to their endpoint and all others to `balancer`. */
export function stickyChain(
  family: Family,
  name: string,
  { affinity: { id, protocol }, list, balancer }: {
    readonly affinity: Affinity;
    readonly list: List;
    readonly balancer: string;
  },
): Chain {
  const ip = nftFamily(family);
  const known = hasPortMaps(family)
    ? `${ip} saddr map @${affinityMap(id, list)} : ${ip} saddr map @${affinityPortMap(id, list)}`
    : `${ip} saddr map @${affinityMap(id, list)}`;
  const rules = [
    `meta l4proto ${nftProtocol(protocol)} dnat ${ip} to ${known}`,
    `goto ${balancer}`,
  ];
  return { name, rules };
}

/** Returns the name of the chain that remembers a client's choice. */
export function learnerChain({ id, seconds, hasLocal }: Affinity): string {
  return `learn-${hasLocal ? "local-" : ""}${seconds}s-${id}`;
}

/** Returns the chain that remembers a client's choice. */
export function learner(family: Family, affinity: Affinity): Chain {
  const ip = nftFamily(family);
  const { id, protocol, seconds, hasLocal } = affinity;
  const l4 = nftProtocol(protocol);
  const update = (map: string, value: string) =>
    `meta l4proto ${l4} update @${map} { ct original ${ip} saddr timeout ${seconds}s : ${value} }`;
  const rules = affinityLists(affinity).flatMap((list) => {
    const updates = hasPortMaps(family)
      ? [
        update(affinityMap(id, list), `${ip} daddr`),
        update(affinityPortMap(id, list), `${l4} dport`),
      ]
      : [update(affinityMap(id, list), `${ip} daddr . ${l4} dport`)];
    const isIn = list === "local" ? isHere(ip) : hasLocal ? isForAll(ip) : "";
    return updates.map((rule) => `${isIn}${rule}`);
  });
  return { name: learnerChain(affinity), rules };
}

/** Matches packets to an endpoint on this node: those are in the hairpin set with themselves. */
function isHere(ip: string): string {
  return `${ip} daddr . ${ip} daddr @${SETS.hairpin} `;
}

/** Matches packets to an endpoint that is not for traffic alone which must stay on this node. */
function isForAll(ip: string): string {
  return `${ip} daddr . meta l4proto . th dport != @${SETS.localOnly} `;
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

/** nft takes names of up to 255 bytes; prefixes need some of them. */
const ID_LENGTH = 180;

/** Returns a name for a Service port that nft can read, and that no other one has. */
function identifier({ service, protocol, portName }: ServicePort): string {
  const full = [service, nftProtocol(protocol), portName].filter((part) => part !== "").join("/");
  const clean = full.replace(/[^A-Za-z0-9./-]/g, "_");
  if (clean === full && full.length <= ID_LENGTH) return full;
  return `${clean.slice(0, ID_LENGTH - 17)}.${hash(full)}`;
}

/** FNV-1a, 64 bits, in hexadecimal. */
function hash(text: string): string {
  let value = 0xcbf29ce484222325n;
  for (const byte of new TextEncoder().encode(text)) {
    value = BigInt.asUintN(64, (value ^ BigInt(byte)) * 0x100000001b3n);
  }
  return value.toString(16).padStart(16, "0");
}
