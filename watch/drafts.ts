import type { EndpointObject } from "../model/objects.ts";

/**
 * What API objects say, read from JSON or protobuf and not judged yet.
 *
 * As in Go's types and on the wire, a text, number or list that is absent is empty or 0. `complete.ts` makes the
 * objects of the model from them.
 */

/** Of `metadata`. */
export interface MetaDraft {
  namespace: string;
  name: string;
  uid: string;
  /** RFC 3339. */
  creationTimestamp: string;
}

/** Of a Service. The policies, modes and families may be anything. */
export interface ServiceDraft {
  type: string;
  clusterIP: string;
  clusterIPs: readonly string[];
  ipFamilies: readonly string[];
  ports: readonly ServicePortDraft[];
  externalIPs: readonly string[];
  ingress: readonly IngressDraft[];
  loadBalancerSourceRanges: readonly string[];
  sessionAffinity: string;
  /** Of `sessionAffinityConfig.clientIP`. */
  timeoutSeconds: number;
  internalTrafficPolicy: string;
  externalTrafficPolicy: string;
  healthCheckNodePort: number;
}

/** Of one entry of a Service's `spec.ports`. */
export interface ServicePortDraft {
  name: string;
  protocol: string;
  port: number;
  nodePort: number;
}

/** Of one entry of a Service's `status.loadBalancer.ingress`. */
export interface IngressDraft {
  ip: string;
  ipMode: string;
}

/** Of an EndpointSlice. Its endpoints are many and need no judgement: they are made at once. */
export interface SliceDraft {
  /** The value of the label {@linkcode SERVICE_LABEL}. */
  service: string;
  addressType: string;
  ports: readonly SlicePortDraft[];
  endpoints: readonly EndpointObject[];
  /** The value of the annotation {@linkcode TRIGGER_ANNOTATION}. */
  triggerTime: string;
}

/** Of one entry of a slice's `ports`. */
export interface SlicePortDraft {
  /** Undefined is another thing than "". */
  name: string | undefined;
  protocol: string;
  port: number;
}

/** Of a Node. */
export interface NodeDraft {
  addresses: readonly NodeAddressDraft[];
  podCIDRs: readonly string[];
  labels: Readonly<Record<string, string>>;
  /** The keys. */
  taints: readonly string[];
  deleting: boolean;
}

/** Of one entry of a Node's `status.addresses`. */
export interface NodeAddressDraft {
  type: string;
  address: string;
}

/** The label of a slice that names its Service. */
export const SERVICE_LABEL = "kubernetes.io/service-name";

/** The annotation of a slice that says when that happened which made it change. */
export const TRIGGER_ANNOTATION = "endpoints.kubernetes.io/last-change-trigger-time";

/** What counts when an endpoint does not say in which condition it is (API docs of `EndpointConditions`). */
export const ASSUMED_CONDITIONS = { ready: true, serving: true, terminating: false } as const;
