import type { EffectiveSettings } from "../config/effective.ts";
import { cidrContains, disjointCIDRs, isLoopback, normaliseCIDR } from "../model/address.ts";
import { type Family, familyOf } from "../model/family.ts";
import type { Detector, Settings } from "../model/settings.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { type NodeFacts, primaryCIDRs } from "./node_facts.ts";

/** What there is to be known when the settings of a family are made. */
export interface Circumstances {
  readonly config: EffectiveSettings;
  readonly node: NodeFacts;
  readonly snapshot: Snapshot;
  /** Addresses that the node's interfaces have now; undefined where they cannot be known. */
  readonly localAddresses: readonly string[] | undefined;
}

/** Returns what the ruleset of `family` depends on besides Services and endpoints. */
export function settingsFor(family: Family, circumstances: Circumstances): Settings {
  const { config, node, snapshot } = circumstances;
  return {
    nodeName: node.name,
    zone: node.zone,
    detector: detectorFor(family, config, node),
    masqueradeAll: config.masqueradeAll,
    masqueradeBit: config.masqueradeBit,
    nodeAddress: node.addresses.get(family),
    offersExternalIPs: config.offersExternalIPs,
    localAddresses: localAddressesOf(family, circumstances),
    nodePortAddresses: nodePortAddressesFor(family, circumstances),
    serviceCIDRs: serviceCIDRsFor(family, snapshot),
  };
}

function detectorFor(
  family: Family,
  { detectLocal }: EffectiveSettings,
  node: NodeFacts,
): Detector | undefined {
  switch (detectLocal.mode) {
    case "ClusterCIDR":
      return bySource(detectLocal.cidrs[family]);
    case "NodeCIDR":
      return bySource(ofFamily(family, node.podCIDRs));
    case "BridgeInterface":
      return { by: "interface", name: detectLocal.name };
    case "InterfaceNamePrefix":
      return { by: "interface-prefix", prefix: detectLocal.prefix };
  }
}

function bySource([cidr]: readonly string[]): Detector | undefined {
  return cidr === undefined ? undefined : { by: "source", cidr };
}

/** Returns the addresses on which node ports answer. Loopback never does: the kernel drops such packets as martians. */
function nodePortAddressesFor(
  family: Family,
  circumstances: Circumstances,
): Settings["nodePortAddresses"] {
  const matching = matchingAddresses(family, circumstances);
  return matching === "any" ? "any" : matching.filter((address) => !isLoopback(address));
}

/**
 * Returns the addresses of the node's interfaces that lie in the configured `nodePortAddresses`, sorted.
 *
 * A family without any CIDR, and one with a /0, means all addresses of the node. `primary` never means all: in a
 * family in which the node has no address (yet) there are none. kube-proxy opens such a family on every address.
 */
export function matchingAddresses(
  family: Family,
  circumstances: Circumstances,
): "any" | readonly string[] {
  const { config, node } = circumstances;
  if (config.nodePorts === "any") return "any";
  const isPrimary = config.nodePorts === "primary";
  const cidrs = config.nodePorts === "primary"
    ? ofFamily(family, primaryCIDRs(node))
    : config.nodePorts[family];
  if (!isPrimary && cidrs.length === 0) return "any";
  if (cidrs.some((cidr) => cidr.endsWith("/0"))) return "any";
  return addressesOf(family, circumstances)
    .filter((address) => cidrs.some((cidr) => cidrContains(cidr, address)));
}

/** Returns the node's addresses of `family` except loopback, sorted. */
function localAddressesOf(family: Family, circumstances: Circumstances): string[] {
  return addressesOf(family, circumstances).filter((address) => !isLoopback(address));
}

/** Returns all addresses of the node of `family`, sorted. */
function addressesOf(family: Family, { node, localAddresses }: Circumstances): string[] {
  const candidates = localAddresses ?? [...node.addresses.values()];
  return [...new Set(candidates.filter((one) => familyOf(one) === family))].sort();
}

function serviceCIDRsFor(family: Family, { serviceCIDRs }: Snapshot): readonly string[] {
  const all = [...serviceCIDRs.values()].flatMap((object) => object.cidrs);
  return disjointCIDRs(ofFamily(family, all));
}

/** Returns the usable CIDRs of `family`, normalised. */
function ofFamily(family: Family, cidrs: readonly string[]): readonly string[] {
  return cidrs.map((text) => normaliseCIDR(text.trim())).filter((cidr) => cidr !== undefined)
    .filter((cidr) => familyOf(cidr) === family);
}
