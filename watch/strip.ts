import type {
  V1Endpoint,
  V1EndpointConditions,
  V1EndpointHints,
  V1EndpointSlice,
  V1Node,
  V1ObjectMeta,
  V1Service,
  V1ServiceCIDR,
  V1ServiceSpec,
} from "@kubernetes/client-node";
import { FAMILIES, PROTOCOLS } from "../model/family.ts";
import type {
  ClusterObject,
  EndpointObject,
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
import { KINDS } from "../model/objects.ts";
import { Fields, NOTHING, ObjectError } from "./fields.ts";
import { ListPool, Pool } from "./pool.ts";

export { ObjectError } from "./fields.ts";

/** Seconds of ClientIP affinity when the object does not say (API default of `timeoutSeconds`). */
const AFFINITY_SECONDS = 10800;
const LAST_PORT = 65535;
const NAMESPACED: ReadonlySet<Kind> = new Set<Kind>(["Service", "EndpointSlice"]);

const strings = new Pool<string>(20_000);
const servicePorts = new ListPool<ServicePortObject>(5_000);
const slicePorts = new ListPool<SlicePortObject>(5_000);
const hints = new ListPool<string>(5_000);

/**
 * Reduces an API object, as JSON or YAML gave it, to the fields that weir uses.
 *
 * The kind is `raw.kind`; `kind` stands in for it in list items, which carry none. Absent fields take the API's
 * defaults, and a policy that is not known reads as its default, as in kube-proxy. `raw` is not changed.
 *
 * Throws `ObjectError` when the object cannot be used: another kind, no name, a field of the wrong type.
 */
export function strip(raw: unknown, kind?: Kind): ClusterObject {
  const named = raw as { readonly kind?: unknown } | null | undefined;
  const found = KINDS.find((known) => known === (named?.kind ?? kind));
  if (found === undefined) {
    throw new ObjectError(
      `Cannot use object ${identify(raw)}: kind "${String(named?.kind)}" is not one of ${
        KINDS.join(", ")
      }`,
    );
  }
  const title = `${found} ${identify(raw)}`;
  switch (found) {
    case "Service":
      return stripService(Fields.of(raw, title));
    case "EndpointSlice":
      return stripSlice(Fields.of(raw, title));
    case "Node":
      return stripNode(Fields.of(raw, title));
    case "ServiceCIDR":
      return stripServiceCIDR(Fields.of(raw, title));
  }
}

/** Names an object that may be broken in any way: `"namespace/name"`. */
function identify(raw: unknown): string {
  const metadata = (raw as { metadata?: { namespace?: unknown; name?: unknown } } | null)?.metadata;
  const parts = [metadata?.namespace, metadata?.name ?? "?"];
  return `"${parts.filter((part) => part !== undefined && part !== null).join("/")}"`;
}

function meta(kind: Kind, fields: Fields<V1ObjectMeta>): ObjectMeta {
  const namespace = NAMESPACED.has(kind) ? fields.text("namespace") || "default" : "";
  return {
    namespace: strings.share(namespace, namespace),
    name: fields.requiredText("name"),
    uid: fields.text("uid"),
    creationTimestamp: fields.text("creationTimestamp"),
  };
}

function stripService(service: Fields<V1Service>): ServiceObject {
  const spec = service.object("spec");
  const clientIP = spec.object("sessionAffinityConfig").object("clientIP");
  return {
    kind: "Service",
    ...meta("Service", service.object("metadata")),
    type: shared(spec.text("type", "ClusterIP")),
    clusterIP: spec.text("clusterIP"),
    clusterIPs: copy(spec.texts("clusterIPs")),
    ipFamilies: families(spec),
    ports: portsOfService(spec),
    externalIPs: copy(spec.texts("externalIPs")),
    ingress: ingressOf(service),
    loadBalancerSourceRanges: copy(spec.texts("loadBalancerSourceRanges")),
    sessionAffinity: spec.text("sessionAffinity") === "ClientIP" ? "ClientIP" : "None",
    affinitySeconds: clientIP.integer("timeoutSeconds", 0, 2 ** 31 - 1) || AFFINITY_SECONDS,
    internalTrafficPolicy: policy(spec.text("internalTrafficPolicy")),
    externalTrafficPolicy: policy(spec.text("externalTrafficPolicy")),
    healthCheckNodePort: spec.integer("healthCheckNodePort", 0, LAST_PORT),
  };
}

function policy(text: string): "Cluster" | "Local" {
  return text === "Local" ? "Local" : "Cluster";
}

/** Every family must be known: its place in the list chooses the entry of `clusterIPs`. */
function families(spec: Fields<V1ServiceSpec>): ServiceObject["ipFamilies"] {
  const names = spec.texts("ipFamilies");
  if (names.length === 0) return NOTHING;
  const known = names.map((name) => FAMILIES.find((family) => family === name));
  const wrong = known.indexOf(undefined);
  if (wrong >= 0) spec.refuse(`ipFamilies[${wrong}]`, `one of "IPv4", "IPv6"`, names[wrong]);
  return known as ServiceObject["ipFamilies"];
}

function portsOfService(spec: Fields<V1ServiceSpec>): readonly ServicePortObject[] {
  const ports = spec.objects("ports").map((port) => ({
    name: shared(port.text("name")),
    protocol: port.oneOf("protocol", PROTOCOLS, "TCP"),
    port: port.integer("port", 1, LAST_PORT),
    nodePort: port.integer("nodePort", 0, LAST_PORT),
  }));
  return servicePorts.share(ports);
}

function ingressOf(service: Fields<V1Service>): readonly IngressObject[] {
  const entries = service.object("status").object("loadBalancer").objects("ingress");
  const found = entries
    .map((entry) => ({ ip: entry.text("ip"), ipMode: shared(entry.text("ipMode", "VIP")) }))
    .filter((entry) => entry.ip !== "");
  return found.length === 0 ? NOTHING : found;
}

function stripSlice(slice: Fields<V1EndpointSlice>): EndpointSliceObject {
  const metadata = slice.object("metadata");
  const endpoints = slice.objects("endpoints").map(endpoint);
  return {
    kind: "EndpointSlice",
    ...meta("EndpointSlice", metadata),
    service: metadata.entry("labels", "kubernetes.io/service-name"),
    addressType: shared(slice.text("addressType")),
    ports: portsOfSlice(slice),
    endpoints: endpoints.length === 0 ? NOTHING : endpoints,
    triggerTime: metadata.entry("annotations", "endpoints.kubernetes.io/last-change-trigger-time"),
  };
}

/** A port without a name or a number matches no Service port (BEHAVIOUR: "no all ports support"). */
function portsOfSlice(slice: Fields<V1EndpointSlice>): readonly SlicePortObject[] {
  const ports = slice.objects("ports")
    .filter((port) => port.has("name") && port.integer("port", 0, LAST_PORT) !== 0)
    .map((port) => ({
      name: shared(port.text("name")),
      protocol: port.oneOf("protocol", PROTOCOLS, "TCP"),
      port: port.integer("port", 1, LAST_PORT),
    }));
  return slicePorts.share(ports);
}

function endpoint(fields: Fields<V1Endpoint>): EndpointObject {
  const conditions: Fields<V1EndpointConditions> = fields.object("conditions");
  const hinted: Fields<V1EndpointHints> = fields.object("hints");
  return {
    address: fields.texts("addresses")[0] ?? "",
    ready: conditions.flag("ready", true),
    serving: conditions.flag("serving", true),
    terminating: conditions.flag("terminating", false),
    nodeName: shared(fields.text("nodeName")),
    zoneHints: hintNames(hinted.objects("forZones")),
    nodeHints: hintNames(hinted.objects("forNodes")),
  };
}

function hintNames(entries: Fields<{ name: string }>[]): readonly string[] {
  return hints.share(entries.map((entry) => entry.text("name")));
}

function stripNode(node: Fields<V1Node>): NodeObject {
  const metadata = node.object("metadata");
  const spec = node.object("spec");
  const all = node.object("status").objects("addresses");
  const ofType = (type: string) =>
    all.filter((entry) => entry.text("type") === type).map((entry) => entry.text("address"));
  return {
    kind: "Node",
    ...meta("Node", metadata),
    addresses: [...ofType("InternalIP"), ...ofType("ExternalIP")],
    podCIDRs: copy(spec.texts("podCIDRs")),
    labels: metadata.entries("labels"),
    taints: spec.objects("taints").map((taint) => taint.text("key")),
    deleting: metadata.has("deletionTimestamp"),
  };
}

function stripServiceCIDR(object: Fields<V1ServiceCIDR>): ServiceCIDRObject {
  return {
    kind: "ServiceCIDR",
    ...meta("ServiceCIDR", object.object("metadata")),
    cidrs: copy(object.object("spec").texts("cidrs")),
  };
}

function shared(text: string): string {
  return strings.share(text, text);
}

/** Copies a list of the raw object, so that a later change to that is not seen; empty lists are one. */
function copy(list: readonly string[]): readonly string[] {
  return list.length === 0 ? NOTHING : list.slice();
}
