import { FAMILIES, type Protocol, PROTOCOLS } from "../model/family.ts";
import type {
  EndpointSliceObject,
  IngressObject,
  Kind,
  NodeObject,
  ObjectMeta,
  ServiceCIDRObject,
  ServiceObject,
  ServicePortObject,
  SlicePortObject,
} from "../model/objects.ts";
import type {
  IngressDraft,
  MetaDraft,
  NodeDraft,
  ServiceDraft,
  ServicePortDraft,
  SliceDraft,
  SlicePortDraft,
} from "./drafts.ts";
import { delimited, ListPool, NOTHING } from "./pool.ts";

/**
 * Says that the field at `path`, from the object on, is not what it has to be, by throwing an `ObjectError`.
 *
 * All rules about the values of fields are in this file: those who read objects, from JSON and from protobuf, only
 * see to it that the types are right.
 */
export type Refuse = (path: string, wanted: string, value: unknown) => never;

/** Seconds of ClientIP affinity when the object does not say (API default of `timeoutSeconds`). */
const AFFINITY_SECONDS = 10800;
const LAST_INT32 = 2 ** 31 - 1;
const LAST_PORT = 65535;
const NAMESPACED: ReadonlySet<Kind> = new Set<Kind>(["Service", "EndpointSlice"]);

const servicePorts = new ListPool<ServicePortObject>(
  5_000,
  ({ name, protocol, port, nodePort }) => `${protocol}${port}/${nodePort}/${delimited(name)}`,
);
const slicePorts = new ListPool<SlicePortObject>(
  5_000,
  ({ name, protocol, port }) => `${protocol}${port}/${delimited(name)}`,
);

/** Makes a Service. A policy that is not known reads as its default, as in kube-proxy. */
export function completeService(
  meta: MetaDraft,
  draft: ServiceDraft,
  refuse: Refuse,
): ServiceObject {
  const { timeoutSeconds, healthCheckNodePort } = draft;
  if (timeoutSeconds < 0) {
    const path = "spec.sessionAffinityConfig.clientIP.timeoutSeconds";
    refuse(path, range(0, LAST_INT32), timeoutSeconds);
  }
  if (healthCheckNodePort < 0 || healthCheckNodePort > LAST_PORT) {
    refuse("spec.healthCheckNodePort", range(0, LAST_PORT), healthCheckNodePort);
  }
  // To spread the metadata into the object would take longer than all the rest.
  const { namespace, name, uid, creationTimestamp } = completeMeta("Service", meta, refuse);
  return {
    kind: "Service",
    namespace,
    name,
    uid,
    creationTimestamp,
    type: draft.type || "ClusterIP",
    clusterIP: draft.clusterIP,
    clusterIPs: settled(draft.clusterIPs),
    ipFamilies: families(draft.ipFamilies, refuse),
    ports: servicePorts.share(draft.ports.map((port, index) => servicePort(port, index, refuse))),
    externalIPs: settled(draft.externalIPs),
    ingress: ingressOf(draft.ingress),
    loadBalancerSourceRanges: settled(draft.loadBalancerSourceRanges),
    sessionAffinity: draft.sessionAffinity === "ClientIP" ? "ClientIP" : "None",
    affinitySeconds: timeoutSeconds || AFFINITY_SECONDS,
    internalTrafficPolicy: policy(draft.internalTrafficPolicy),
    externalTrafficPolicy: policy(draft.externalTrafficPolicy),
    healthCheckNodePort,
  };
}

/** Makes an EndpointSlice. A port without a name or a number matches no Service port: it is left out. */
export function completeSlice(
  meta: MetaDraft,
  draft: SliceDraft,
  refuse: Refuse,
): EndpointSliceObject {
  const ports: SlicePortObject[] = [];
  for (const [index, port] of draft.ports.entries()) {
    if (port.name === undefined || port.port === 0) continue;
    ports.push(slicePort(port.name, port, index, refuse));
  }
  const { namespace, name, uid, creationTimestamp } = completeMeta("EndpointSlice", meta, refuse);
  return {
    kind: "EndpointSlice",
    namespace,
    name,
    uid,
    creationTimestamp,
    service: draft.service,
    addressType: draft.addressType,
    ports: slicePorts.share(ports),
    endpoints: settled(draft.endpoints),
    triggerTime: draft.triggerTime,
  };
}

/** Makes a Node. */
export function completeNode(meta: MetaDraft, draft: NodeDraft, refuse: Refuse): NodeObject {
  const ofType = (type: string) =>
    draft.addresses.filter((entry) => entry.type === type).map(({ address }) => address);
  const { namespace, name, uid, creationTimestamp } = completeMeta("Node", meta, refuse);
  return {
    kind: "Node",
    namespace,
    name,
    uid,
    creationTimestamp,
    addresses: [...ofType("InternalIP"), ...ofType("ExternalIP")],
    podCIDRs: settled(draft.podCIDRs),
    labels: draft.labels,
    taints: settled(draft.taints),
    deleting: draft.deleting,
  };
}

/** Makes a ServiceCIDR. */
export function completeServiceCIDR(
  meta: MetaDraft,
  cidrs: readonly string[],
  refuse: Refuse,
): ServiceCIDRObject {
  const { namespace, name, uid, creationTimestamp } = completeMeta("ServiceCIDR", meta, refuse);
  return {
    kind: "ServiceCIDR",
    namespace,
    name,
    uid,
    creationTimestamp,
    cidrs: settled(cidrs),
  };
}

function completeMeta(kind: Kind, draft: MetaDraft, refuse: Refuse): ObjectMeta {
  if (draft.name === "") refuse("metadata.name", "a string that is not empty", draft.name);
  return {
    namespace: NAMESPACED.has(kind) ? draft.namespace || "default" : "",
    name: draft.name,
    uid: draft.uid,
    creationTimestamp: draft.creationTimestamp,
  };
}

function policy(text: string): "Cluster" | "Local" {
  return text === "Local" ? "Local" : "Cluster";
}

/** Every family must be known: its place in the list chooses the entry of `clusterIPs`. */
function families(names: readonly string[], refuse: Refuse): ServiceObject["ipFamilies"] {
  if (names.length === 0) return NOTHING;
  return names.map((name, index) => {
    const known = FAMILIES.find((family) => family === name);
    return known ?? refuse(`spec.ipFamilies[${index}]`, oneOf(FAMILIES), name);
  });
}

function servicePort(draft: ServicePortDraft, index: number, refuse: Refuse): ServicePortObject {
  const { name, port, nodePort } = draft;
  const path = () => `spec.ports[${index}]`;
  if (port < 1 || port > LAST_PORT) refuse(`${path()}.port`, range(1, LAST_PORT), port);
  if (nodePort < 0 || nodePort > LAST_PORT) {
    refuse(`${path()}.nodePort`, range(0, LAST_PORT), nodePort);
  }
  return { name, protocol: protocol(draft, path, refuse), port, nodePort };
}

function slicePort(
  name: string,
  draft: SlicePortDraft,
  index: number,
  refuse: Refuse,
): SlicePortObject {
  const { port } = draft;
  const path = () => `ports[${index}]`;
  if (port < 1 || port > LAST_PORT) refuse(`${path()}.port`, range(0, LAST_PORT), port);
  return { name, protocol: protocol(draft, path, refuse), port };
}

function protocol(
  draft: { readonly protocol: string },
  path: () => string,
  refuse: Refuse,
): Protocol {
  const name = draft.protocol || "TCP";
  const known = PROTOCOLS.find((candidate) => candidate === name);
  return known ?? refuse(`${path()}.protocol`, oneOf(PROTOCOLS), name);
}

/** Entries that carry an address; the others have a host name, which is no business of a proxy's. */
function ingressOf(entries: readonly IngressDraft[]): readonly IngressObject[] {
  const found = entries
    .filter(({ ip }) => ip !== "")
    .map(({ ip, ipMode }) => ({ ip, ipMode: ipMode || "VIP" }));
  return found.length === 0 ? NOTHING : found;
}

function range(least: number, most: number): string {
  return `a whole number from ${least} to ${most}`;
}

function oneOf(words: readonly string[]): string {
  return `one of "${words.join('", "')}"`;
}

/** Returns a copy without room to spare, which no later change of the draft reaches. All empty lists are one. */
function settled<T>(list: readonly T[]): readonly T[] {
  return list.length === 0 ? NOTHING : list.slice();
}
