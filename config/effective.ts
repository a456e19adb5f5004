import { normaliseCIDR } from "../model/address.ts";
import { type Family, familyOf } from "../model/family.ts";
import type { KubeProxyConfiguration } from "./configuration.ts";
import { activeSection, isForeign, splitCIDRs } from "./modes.ts";

/** How local pods' traffic is told from other traffic. */
export type DetectLocal =
  | { readonly mode: "ClusterCIDR"; readonly cidrs: CIDRsByFamily }
  | { readonly mode: "NodeCIDR" }
  | { readonly mode: "BridgeInterface"; readonly name: string }
  | { readonly mode: "InterfaceNamePrefix"; readonly prefix: string };

/** CIDRs in canonical form, those of each family in the order in which they were given. */
export type CIDRsByFamily = Readonly<Record<Family, readonly string[]>>;

/** What the configuration asks of the proxy, with the mode's own sections and meanings chosen. */
export interface EffectiveSettings {
  /** Milliseconds, more than 0. */
  readonly syncPeriodMs: number;
  /** Milliseconds; 0 means no pause between two syncs. */
  readonly minSyncPeriodMs: number;
  readonly masqueradeAll: boolean;
  /** 0 to 31. */
  readonly masqueradeBit: number;
  /** Where node ports answer: on every address but loopback, on the node's own addresses, or on those in CIDRs. */
  readonly nodePorts: "any" | "primary" | CIDRsByFamily;
  readonly detectLocal: DetectLocal;
  /** Whether external IPs of Services are offered (the feature gate `AllowServiceExternalIPs`). */
  readonly offersExternalIPs: boolean;
}

/**
 * Chooses from a valid configuration what counts in its mode.
 *
 * weir programs nftables in every mode, but a section keeps its meaning: the periods are those of the mode's section,
 * and the masquerade settings are those of `iptables` also for ipvs. An empty `nodePortAddresses` is the node's own
 * addresses in nftables mode, and every address in the others.
 */
export function effectiveSettings(config: KubeProxyConfiguration): EffectiveSettings {
  const periods = config[activeSection(config.mode)];
  const masquerade = isForeign(config.mode) ? config.iptables : config.nftables;
  return {
    syncPeriodMs: periods.syncPeriod,
    minSyncPeriodMs: periods.minSyncPeriod,
    masqueradeAll: masquerade.masqueradeAll,
    masqueradeBit: masquerade.masqueradeBit,
    nodePorts: nodePorts(config),
    detectLocal: detectLocal(config),
    offersExternalIPs: config.featureGates["AllowServiceExternalIPs"] ?? true,
  };
}

/**
 * The name of the Node that weir runs on: `hostnameOverride` where it is set, otherwise the host's name; trimmed and in
 * lower case, as Node names are. Empty when both are blank.
 */
export function nodeName(config: KubeProxyConfiguration, hostname: string): string {
  const override = config.hostnameOverride;
  return (override === "" ? hostname : override).trim().toLowerCase();
}

function nodePorts(config: KubeProxyConfiguration): EffectiveSettings["nodePorts"] {
  const addresses = config.nodePortAddresses;
  if (addresses.length === 0) return isForeign(config.mode) ? "any" : "primary";
  return addresses[0] === "primary" ? "primary" : byFamily(addresses);
}

function detectLocal(config: KubeProxyConfiguration): DetectLocal {
  const { bridgeInterface, interfaceNamePrefix } = config.detectLocal;
  switch (config.detectLocalMode) {
    case "NodeCIDR":
      return { mode: "NodeCIDR" };
    case "BridgeInterface":
      return { mode: "BridgeInterface", name: bridgeInterface };
    case "InterfaceNamePrefix":
      return { mode: "InterfaceNamePrefix", prefix: interfaceNamePrefix };
    default:
      return { mode: "ClusterCIDR", cidrs: byFamily(splitCIDRs(config.clusterCIDR)) };
  }
}

function byFamily(cidrs: readonly string[]): CIDRsByFamily {
  const canonical = cidrs.map(normaliseCIDR).filter((cidr) => cidr !== undefined);
  return {
    IPv4: canonical.filter((cidr) => familyOf(cidr) === "IPv4"),
    IPv6: canonical.filter((cidr) => familyOf(cidr) === "IPv6"),
  };
}
