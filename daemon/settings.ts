import { cidrContains, disjointCIDRs, isLoopback, normaliseCIDR } from "../model/address.ts";
import { type Family, familyOf } from "../model/family.ts";
import type { Detector, Settings } from "../model/settings.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { type NodeFacts, primaryCIDRs } from "./node_facts.ts";

/** The part of the configuration that decides about packets. */
export interface TrafficConfig {
  readonly detectLocalMode:
    | "ClusterCIDR"
    | "NodeCIDR"
    | "BridgeInterface"
    | "InterfaceNamePrefix";
  readonly clusterCIDRs: readonly string[];
  readonly bridgeInterface: string;
  readonly interfaceNamePrefix: string;
  readonly masqueradeAll: boolean;
  readonly masqueradeBit: number;
  /** CIDRs, or the single word `primary`; empty for all addresses of the node. */
  readonly nodePortAddresses: readonly string[];
}

/** What there is to be known when the settings of a family are made. */
export interface Circumstances {
  readonly config: TrafficConfig;
  readonly node: NodeFacts;
  readonly snapshot: Snapshot;
  /** Addresses that the node's interfaces have now; undefined where they cannot be known. */
  readonly localAddresses: readonly string[] | undefined;
}

/** Returns what the ruleset of `family` depends on besides Services and endpoints. */
export function settingsFor(family: Family, circumstances: Circumstances): Settings {
  const { config, node } = circumstances;
  return {
    nodeName: node.name,
    zone: node.zone,
    detector: detectorFor(family, config, node),
    masqueradeAll: config.masqueradeAll,
    masqueradeBit: config.masqueradeBit,
    nodePortAddresses: nodePortAddressesFor(family, circumstances),
    serviceCIDRs: serviceCIDRsFor(family, circumstances.snapshot),
  };
}

function detectorFor(
  family: Family,
  config: TrafficConfig,
  node: NodeFacts,
): Detector | undefined {
  switch (config.detectLocalMode) {
    case "ClusterCIDR":
      return bySource(family, config.clusterCIDRs);
    case "NodeCIDR":
      return bySource(family, node.podCIDRs);
    case "BridgeInterface":
      return { by: "interface", name: config.bridgeInterface };
    case "InterfaceNamePrefix":
      return { by: "interface-prefix", prefix: config.interfaceNamePrefix };
  }
}

function bySource(family: Family, cidrs: readonly string[]): Detector | undefined {
  const cidr = ofFamily(family, cidrs)[0];
  return cidr === undefined ? undefined : { by: "source", cidr };
}

/**
 * Returns the addresses on which node ports answer: those of the node's interfaces that lie in the configured CIDRs.
 *
 * A family without any CIDR, and one with a /0, answers on all addresses of the node. `primary` never means all: a
 * family in which the node has no address (yet) answers on none. kube-proxy opens such a family on every address.
 */
function nodePortAddressesFor(
  family: Family,
  { config, node, localAddresses }: Circumstances,
): Settings["nodePortAddresses"] {
  const isPrimary = config.nodePortAddresses[0] === "primary";
  const cidrs = ofFamily(family, isPrimary ? primaryCIDRs(node) : config.nodePortAddresses);
  if ((cidrs.length === 0 && !isPrimary) || cidrs.some((cidr) => cidr.endsWith("/0"))) return "any";
  const candidates = localAddresses ?? [...node.addresses.values()];
  const matching = candidates.filter((address) =>
    familyOf(address) === family && !isLoopback(address) &&
    cidrs.some((cidr) => cidrContains(cidr, address))
  );
  return [...new Set(matching)].sort();
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
