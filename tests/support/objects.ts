import type { Family } from "../../model/family.ts";
import type {
  EndpointObject,
  EndpointSliceObject,
  NodeObject,
  ServiceCIDRObject,
  ServiceObject,
  ServicePortObject,
} from "../../model/objects.ts";
import type { Settings } from "../../model/settings.ts";
import { EMPTY_SNAPSHOT, type Snapshot, withObject } from "../../model/snapshot.ts";
import type { ClusterObject } from "../../model/objects.ts";
import type { EventSubject } from "../../watch/event_writer.ts";

/** Returns a Service `default/NAME` at 10.96.0.10 with one TCP port 80, changed as asked. */
export function service(
  name: string,
  changes: Partial<Omit<ServiceObject, "ports">> & {
    readonly ports?: readonly Partial<ServicePortObject>[];
  } = {},
): ServiceObject {
  const { ports = [{}], ...rest } = changes;
  const clusterIP = rest.clusterIP ?? "10.96.0.10";
  return {
    kind: "Service",
    namespace: "default",
    name,
    uid: `uid-${name}`,
    creationTimestamp: "2026-01-01T00:00:00Z",
    type: "ClusterIP",
    clusterIP,
    clusterIPs: [clusterIP],
    ipFamilies: [clusterIP.includes(":") ? "IPv6" : "IPv4"],
    externalIPs: [],
    ingress: [],
    loadBalancerSourceRanges: [],
    sessionAffinity: "None",
    affinitySeconds: 10800,
    internalTrafficPolicy: "Cluster",
    externalTrafficPolicy: "Cluster",
    healthCheckNodePort: 0,
    ...rest,
    ports: ports.map((port) => ({ name: "", protocol: "TCP", port: 80, nodePort: 0, ...port })),
  };
}

/** Returns how an Event names Service `default/NAME` as {@linkcode service} makes it. */
export function serviceSubject(name: string): EventSubject {
  return { apiVersion: "v1", kind: "Service", namespace: "default", name, uid: `uid-${name}` };
}

/** Returns an endpoint that is ready, changed as asked. */
export function endpoint(address: string, changes: Partial<EndpointObject> = {}): EndpointObject {
  return {
    address,
    ready: true,
    serving: true,
    terminating: false,
    nodeName: "other",
    zoneHints: [],
    nodeHints: [],
    ...changes,
  };
}

/** Returns a slice of Service `default/OWNER` with one unnamed TCP port 8080, changed as asked. */
export function slice(
  owner: string,
  endpoints: readonly (string | EndpointObject)[],
  changes: Partial<EndpointSliceObject> = {},
): EndpointSliceObject {
  const objects = endpoints.map((one) => typeof one === "string" ? endpoint(one) : one);
  return {
    kind: "EndpointSlice",
    namespace: "default",
    name: `${owner}-a`,
    uid: `uid-${owner}-a`,
    creationTimestamp: "2026-01-01T00:00:00Z",
    service: owner,
    addressType: objects[0]?.address.includes(":") ? "IPv6" : "IPv4",
    ports: [{ name: "", protocol: "TCP", port: 8080 }],
    endpoints: objects,
    triggerTime: "",
    ...changes,
  };
}

/** Returns the Node `node-a` with an address of each family, changed as asked. */
export function node(changes: Partial<NodeObject> = {}): NodeObject {
  return {
    kind: "Node",
    namespace: "",
    name: "node-a",
    uid: "uid-node-a",
    creationTimestamp: "2026-01-01T00:00:00Z",
    addresses: ["192.0.2.10", "2001:db8::10"],
    podCIDRs: [],
    labels: {},
    taints: [],
    deleting: false,
    ...changes,
  };
}

/** Returns a ServiceCIDR object. */
export function serviceCIDR(name: string, cidrs: readonly string[]): ServiceCIDRObject {
  return {
    kind: "ServiceCIDR",
    namespace: "",
    name,
    uid: `uid-${name}`,
    creationTimestamp: "2026-01-01T00:00:00Z",
    cidrs,
  };
}

/** Returns the snapshot of a cluster that holds `objects`. */
export function snapshotOf(...objects: readonly ClusterObject[]): Snapshot {
  return objects.reduce<Snapshot>(
    (snapshot, object) => withObject(snapshot, object, new Set()),
    EMPTY_SNAPSHOT,
  );
}

/** The settings of node `node-a` in a cluster with pods in 10.244.0.0/16 and fd00:244::/64, changed as asked. */
export function settings(changes: Partial<Settings> = {}, family: Family = "IPv4"): Settings {
  const isIPv4 = family === "IPv4";
  return {
    nodeName: "node-a",
    zone: "",
    detector: { by: "source", cidr: isIPv4 ? "10.244.0.0/16" : "fd00:244::/64" },
    masqueradeAll: false,
    masqueradeBit: 14,
    offersExternalIPs: true,
    nodeAddress: isIPv4 ? "192.0.2.10" : "2001:db8::10",
    localAddresses: isIPv4 ? ["192.0.2.10"] : ["2001:db8::10"],
    nodePortAddresses: isIPv4 ? ["192.0.2.10"] : ["2001:db8::10"],
    serviceCIDRs: isIPv4 ? ["10.96.0.0/12"] : ["fd00:96::/108"],
    ...changes,
  };
}
