import { type DesiredState, winner } from "../../model/desired_state.ts";
import type { Family, Protocol } from "../../model/family.ts";
import { frontendKey } from "../../model/frontend.ts";
import type { ServicePort } from "../../model/service_port.ts";
import { affinityOf } from "./affinity.ts";
import { nftFamily, SETS } from "./names.ts";
import type { Declaration } from "./objects.ts";

/**
 * Who finds no room in a full affinity map is noted by the kernel itself: `update` ends its rule when it cannot add, and
 * the next rule puts the frontend that was asked into a set. So nobody has to count 131,072 entries to know that a map is
 * full; this set is empty, or short.
 */

/** Seconds for which a frontend is in the set after the last client that was not remembered. */
export const UNLEARNED_SECONDS = 120;

/** Frontends that the set can hold; further ones are not noted. */
const SIZE = 4_096;

/** Returns the set of frontends, by what their address and port were before translation. */
export function unlearnedSet(family: Family): Declaration {
  const key = `${nftFamily(family)} daddr . meta l4proto . th dport`;
  const body = `typeof ${key} ; flags dynamic,timeout ; size ${SIZE}`;
  return { what: "set", name: SETS.unlearned, body };
}

/** Returns the Service ports that the keys in the set are about, each once. */
export function unlearnedPorts(
  keys: readonly string[],
  state: DesiredState,
): readonly ServicePort[] {
  const ports = new Map<string, ServicePort>();
  for (const key of keys) {
    const [address = "", protocol = "", port] = key.split(" . ");
    const at = (place: string) =>
      winner(state, frontendKey(place, protocolOf(protocol), Number(port)))?.owner;
    const owner = at(address) ?? at("");
    if (owner === undefined) continue;
    const affinity = affinityOf(owner);
    if (affinity !== undefined) ports.set(affinity.id, owner);
  }
  return [...ports.values()];
}

/** Reads the keys of the elements in the output of `nft list set`. */
export function parseSetListing(listing: string): readonly string[] {
  const elements = /elements = \{([\s\S]*?)\}/.exec(listing)?.[1] ?? "";
  return [...elements.matchAll(/(?:^|,)\s*(\S+(?: \. \S+)*)/g)].map((match) => match[1] ?? "");
}

/** nft writes protocols as numbers when it is told to write numbers. */
const PROTOCOLS: Readonly<Record<string, Protocol>> = {
  "6": "TCP",
  tcp: "TCP",
  "17": "UDP",
  udp: "UDP",
  "132": "SCTP",
  sctp: "SCTP",
};

function protocolOf(text: string): Protocol {
  return PROTOCOLS[text] ?? "TCP";
}
