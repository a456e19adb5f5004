import { isLoopback, normaliseAddress } from "../model/address.ts";
import { FAMILIES, type Family, familyOf } from "../model/family.ts";
import { quote } from "./config_error.ts";
import type { KubeProxyConfiguration } from "./configuration.ts";
import { type CIDRsByFamily, effectiveSettings } from "./effective.ts";

/** What a configuration is compared with. */
export interface NodeView {
  readonly name: string;
  /** False when there is no object of that name. */
  readonly isKnown: boolean;
  /** The families in which the node has an address. */
  readonly families: readonly Family[];
  /** `spec.podCIDRs` of its object. */
  readonly podCIDRs: readonly string[];
}

/**
 * Says where a valid configuration does not fit the node: a sentence for each thing that will not work as it was
 * probably meant. A family in which the node has no address does not count.
 */
export function sanityWarnings(config: KubeProxyConfiguration, node: NodeView): readonly string[] {
  return [
    ...(node.isKnown ? [] : [
      `There is no Node ${
        quote(node.name)
      }: set "hostnameOverride" to the name of this machine's Node`,
    ]),
    ...bindAddressWarnings(config.bindAddress),
    ...podWarnings(config, node),
    ...nodePortWarnings(config, node),
  ];
}

function bindAddressWarnings(bindAddress: string): readonly string[] {
  const address = normaliseAddress(bindAddress);
  if (address === undefined || !isLoopback(address)) return [];
  return [`bindAddress ${quote(bindAddress)} is loopback, and no other node can reach that`];
}

/** Without a range of pods in a family, their traffic is like everybody's in it. */
function podWarnings(config: KubeProxyConfiguration, node: NodeView): readonly string[] {
  const { detectLocal } = effectiveSettings(config);
  const warn = (ranges: string, family: Family) =>
    `${ranges} has no ${family} range: the ${family} traffic of pods is not told from other traffic`;
  switch (detectLocal.mode) {
    case "ClusterCIDR":
      if (config.clusterCIDR === "") return [];
      return missing(node, detectLocal.cidrs).map((family) =>
        warn(`clusterCIDR ${quote(config.clusterCIDR)}`, family)
      );
    case "NodeCIDR": {
      const has = new Set(node.podCIDRs.map(familyOf));
      return node.families.filter((family) => !has.has(family))
        .map((family) => warn("spec.podCIDRs of the Node", family));
    }
    default:
      return [];
  }
}

function nodePortWarnings(config: KubeProxyConfiguration, node: NodeView): readonly string[] {
  const { nodePorts } = effectiveSettings(config);
  if (nodePorts === "any") return [];
  if (nodePorts === "primary") {
    return node.families.length > 0
      ? []
      : [`nodePortAddresses is "primary", but the Node has no address: node ports answer nowhere`];
  }
  return missing(node, nodePorts).map((family) =>
    `nodePortAddresses has no ${family} range: node ports answer on every ${family} address of the node`
  );
}

/** Returns the families of the node in which there is no CIDR. */
function missing(node: NodeView, cidrs: CIDRsByFamily): readonly Family[] {
  return FAMILIES.filter((family) => node.families.includes(family) && cidrs[family].length === 0);
}
