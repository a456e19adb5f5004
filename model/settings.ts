import type { Topology } from "./selection.ts";

/** How a packet is recognised as sent by a pod (detectLocalMode). */
export type Detector =
  | { readonly by: "source"; readonly cidr: string }
  | { readonly by: "interface"; readonly name: string }
  | { readonly by: "interface-prefix"; readonly prefix: string };

/** What one family's ruleset depends on besides Services and endpoints. */
export interface Settings extends Topology {
  /** The node's own address of the family: the one that load balancer source ranges may name. */
  readonly nodeAddress: string | undefined;
  /** False when external IPs of Services are not offered (the feature gate `AllowServiceExternalIPs`). */
  readonly offersExternalIPs: boolean;
  /** The node's addresses except loopback, sorted. Connections to node ports are told from others by them. */
  readonly localAddresses: readonly string[];
  /** Undefined when nobody can be told to be a pod. */
  readonly detector: Detector | undefined;
  readonly masqueradeAll: boolean;
  /** The packet mark bit, 0 to 31, that asks for masquerading. */
  readonly masqueradeBit: number;
  /** Node ports answer on every address of the node except loopback (`any`), or on these addresses, sorted. */
  readonly nodePortAddresses: "any" | readonly string[];
  /** Disjoint, sorted; addresses in them that no Service has are dropped. */
  readonly serviceCIDRs: readonly string[];
}

/** Tells whether the fixed rules of the ruleset are the same; elements of sets may differ. */
export function sameRules(a: Settings, b: Settings): boolean {
  if (a === b) return true;
  return JSON.stringify([a.detector ?? null, a.masqueradeAll, a.masqueradeBit]) ===
      JSON.stringify([b.detector ?? null, b.masqueradeAll, b.masqueradeBit]) &&
    (a.nodePortAddresses === "any") === (b.nodePortAddresses === "any");
}

/** Tells whether Services are derived alike: endpoints chosen, addresses offered, and sources admitted. */
export function sameViewpoint(a: Settings, b: Settings): boolean {
  return a.nodeName === b.nodeName && a.zone === b.zone && a.nodeAddress === b.nodeAddress &&
    a.offersExternalIPs === b.offersExternalIPs;
}

/** Returns the addresses on which node ports answer. */
export function nodePortIPs(settings: Settings): readonly string[] {
  const { nodePortAddresses, localAddresses } = settings;
  return nodePortAddresses === "any" ? localAddresses : nodePortAddresses;
}
