import type { Family, Protocol } from "../../model/family.ts";
import type { ServicePort } from "../../model/service_port.ts";
import { type List, nftFamily, nftProtocol } from "./names.ts";
import type { Chain, Declaration } from "./objects.ts";

/**
 * ClientIP session affinity: one small map per Service port remembers which endpoint each client has.
 *
 * It is the one thing for which weir makes maps per Service, because a map is where entries can time out. All
 * frontends of the port share it. A client's choice is learned after translation, in postrouting or input, when the
 * chosen endpoint is the packet's destination; each new connection renews the entry.
 */

/** Clients that one map can remember. When it is full, further ones get a random endpoint each time. */
export const AFFINITY_CLIENTS = 131_072;

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

/** Tells whether a part of the table is a map of choices. */
export function isAffinityMap(part: string): boolean {
  return part.startsWith("map affinity-");
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
    body: `typeof ${ip} saddr : ${value} ; flags dynamic,timeout ; size ${AFFINITY_CLIENTS}`,
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
