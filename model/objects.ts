import type { Family, Protocol } from "./family.ts";

/**
 * The API objects that weir watches, reduced to the fields it uses.
 *
 * They are made by `watch/strip.ts` when an object arrives, and never change afterwards. Addresses are kept as
 * the API gave them: the model normalises them, and reports the ones that it cannot use.
 */
export type ClusterObject = ServiceObject | EndpointSliceObject | NodeObject | ServiceCIDRObject;

/** The kinds that weir watches. */
export type Kind = ClusterObject["kind"];

/** The kinds, in the order in which they are listed. */
export const KINDS: readonly Kind[] = ["Service", "EndpointSlice", "Node", "ServiceCIDR"];

/** What every object carries. `namespace` is "" for cluster-scoped kinds. */
export interface ObjectMeta {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
  /** RFC 3339; "" when the source does not know it, which sorts as the oldest. */
  readonly creationTimestamp: string;
}

/** `namespace/name`, or the bare name of a cluster-scoped object: the identity of an object within its kind. */
export type ObjectKey = string;

/** A `v1` Service. */
export interface ServiceObject extends ObjectMeta {
  readonly kind: "Service";
  readonly type: string;
  readonly clusterIP: string;
  readonly clusterIPs: readonly string[];
  readonly ipFamilies: readonly Family[];
  readonly ports: readonly ServicePortObject[];
  readonly externalIPs: readonly string[];
  /** `status.loadBalancer.ingress` entries that carry an address. */
  readonly ingress: readonly IngressObject[];
  readonly loadBalancerSourceRanges: readonly string[];
  readonly sessionAffinity: "None" | "ClientIP";
  readonly affinitySeconds: number;
  readonly internalTrafficPolicy: "Cluster" | "Local";
  readonly externalTrafficPolicy: "Cluster" | "Local";
  /** 0 when there is none. */
  readonly healthCheckNodePort: number;
}

/** One entry of a Service's `spec.ports`. `nodePort` is 0 when there is none. */
export interface ServicePortObject {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly nodePort: number;
}

/** One entry of a Service's `status.loadBalancer.ingress`. */
export interface IngressObject {
  readonly ip: string;
  /** `VIP` also when the API leaves it out. */
  readonly ipMode: string;
}

/** A `discovery.k8s.io/v1` EndpointSlice. */
export interface EndpointSliceObject extends ObjectMeta {
  readonly kind: "EndpointSlice";
  /** The label `kubernetes.io/service-name`; "" when the slice belongs to no Service. */
  readonly service: string;
  readonly addressType: string;
  readonly ports: readonly SlicePortObject[];
  readonly endpoints: readonly EndpointObject[];
  /** The annotation `endpoints.kubernetes.io/last-change-trigger-time`, or "". */
  readonly triggerTime: string;
}

/** One entry of a slice's `ports` that names a port. Entries without a name or a number never leave the watch. */
export interface SlicePortObject {
  readonly name: string;
  readonly protocol: Protocol;
  readonly port: number;
}

/** One entry of a slice's `endpoints`, with the API's defaults for absent conditions applied. */
export interface EndpointObject {
  /** The first address, the only one that is used; "" when the list is empty. */
  readonly address: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  readonly nodeName: string;
  /** Names in `hints.forZones`. */
  readonly zoneHints: readonly string[];
  /** Names in `hints.forNodes`. */
  readonly nodeHints: readonly string[];
}

/** A `v1` Node. */
export interface NodeObject extends ObjectMeta {
  readonly kind: "Node";
  /** `InternalIP` addresses in order, then `ExternalIP` addresses. */
  readonly addresses: readonly string[];
  readonly podCIDRs: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Keys of `spec.taints`. */
  readonly taints: readonly string[];
  /** True once `metadata.deletionTimestamp` is set. */
  readonly deleting: boolean;
}

/** A `networking.k8s.io/v1` ServiceCIDR. */
export interface ServiceCIDRObject extends ObjectMeta {
  readonly kind: "ServiceCIDR";
  readonly cidrs: readonly string[];
}

/** Returns the identity of `object` within its kind. */
export function keyOf(object: { readonly namespace: string; readonly name: string }): ObjectKey {
  return object.namespace === "" ? object.name : `${object.namespace}/${object.name}`;
}
