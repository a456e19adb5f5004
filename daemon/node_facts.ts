import { isLoopback, normaliseAddress } from "../model/address.ts";
import { FAMILIES, type Family, familyOf } from "../model/family.ts";
import type { NodeObject } from "../model/objects.ts";
import type { Snapshot } from "../model/snapshot.ts";

/** The label that says in which zone a node stands. */
const ZONE_LABEL = "topology.kubernetes.io/zone";

/** What the rules need to know about the node that they are for. */
export interface NodeFacts {
  readonly name: string;
  /** "" when the node has no label for it. */
  readonly zone: string;
  /** The node's primary address of each family, where it has one. */
  readonly addresses: ReadonlyMap<Family, string>;
  readonly podCIDRs: readonly string[];
}

/**
 * Returns the facts about node `name`: from its object, and from `bindAddress` where that names an address.
 *
 * The first address of each family counts, internal ones before external ones. Before the object is known there are no
 * addresses.
 */
export function nodeFacts(
  name: string,
  node: NodeObject | undefined,
  bindAddress: string,
): NodeFacts {
  const known = [bindAddress, ...(node?.addresses ?? [])].flatMap((text) => {
    const address = normaliseAddress(text);
    return address === undefined || isUnspecified(address) ? [] : [address];
  });
  const addresses = new Map<Family, string>();
  for (const family of FAMILIES) {
    const first = known.find((address) => familyOf(address) === family);
    if (first !== undefined) addresses.set(family, first);
  }
  return { name, zone: node?.labels[ZONE_LABEL] ?? "", addresses, podCIDRs: node?.podCIDRs ?? [] };
}

/** Returns the node's addresses as nodePortAddresses: what the word `primary` stands for. */
export function primaryCIDRs(facts: NodeFacts): readonly string[] {
  return [...facts.addresses.values()]
    .filter((address) => !isLoopback(address))
    .map((address) => `${address}/${familyOf(address) === "IPv4" ? 32 : 128}`);
}

function isUnspecified(address: string): boolean {
  return address === "0.0.0.0" || address === "::";
}

/**
 * Returns the Node object of this machine: the one of its name, or the only one there is.
 *
 * An API server is asked for one Node only; a folder of manifests may be about a node of another name.
 */
export function ownNode({ nodes }: Snapshot, name: string): NodeObject | undefined {
  return nodes.get(name) ?? (nodes.size === 1 ? nodes.first() : undefined);
}
