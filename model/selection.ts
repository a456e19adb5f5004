import type { Endpoint } from "./endpoint.ts";
import type { ServicePort } from "./service_port.ts";

/** Where this node stands: its name and the value of its label `topology.kubernetes.io/zone` ("" when unset). */
export interface Topology {
  readonly nodeName: string;
  readonly zone: string;
}

/** The endpoints that traffic to one Service port may reach. */
export interface Selection {
  /** For traffic that may go anywhere; empty when the Service port has no such traffic. */
  readonly cluster: readonly Endpoint[];
  /** For traffic that must stay on this node; empty when the Service port has no such traffic. */
  readonly local: readonly Endpoint[];
  /**
   * Who may keep the flows that it has, for UDP only (else empty): every endpoint that serves, whether or not new traffic
   * may reach it, and those that are published before they are ready.
   */
  readonly serving: readonly Endpoint[];
  /** True when any endpoint anywhere could serve: it tells "no endpoints" (reject) from "none here" (drop). */
  readonly hasEndpoints: boolean;
  /** How hints narrowed the cluster list. */
  readonly topology: TopologyMode;
}

/** Which hints decide about the cluster list (KEP-2433, KEP-3015). */
export type TopologyMode = "none" | "PreferSameNode" | "PreferSameZone";

/**
 * Chooses among the endpoints of a Service port.
 *
 * Ready endpoints are preferred; when there is none, those that still serve while they terminate take over (KEP-1669).
 * The fall-back is decided for the cluster list and the local list independently.
 */
export function selectEndpoints(
  port: ServicePort,
  endpoints: readonly Endpoint[],
  node: Topology,
): Selection {
  const topology = usesCluster(port) ? topologyMode(endpoints, node) : "none";
  const cluster = usesCluster(port)
    ? readyOrDraining(endpoints, (endpoint) => matches(endpoint, topology, node))
    : [];
  const local = usesLocal(port) ? readyOrDraining(endpoints.filter((one) => one.local)) : [];
  const hasEndpoints = cluster.length > 0 || endpoints.some((one) => one.ready || isDraining(one));
  const serving = port.protocol === "UDP"
    ? endpoints.filter((one) => one.serving || one.ready)
    : NONE;
  return { cluster, local, serving, hasEndpoints, topology };
}

const NONE: readonly Endpoint[] = [];

/** Tells whether the Service port has an address that clients outside the cluster may use. */
export function isExternallyAccessible(port: ServicePort): boolean {
  return port.nodePort !== 0 || port.loadBalancerIPs.length > 0 || port.externalIPs.length > 0;
}

function usesCluster(port: ServicePort): boolean {
  return port.internalPolicy === "Cluster" || isExternallyAccessible(port);
}

function usesLocal(port: ServicePort): boolean {
  return port.internalPolicy === "Local" ||
    (port.externalPolicy === "Local" && isExternallyAccessible(port));
}

function isDraining(endpoint: Endpoint): boolean {
  return endpoint.serving && endpoint.terminating;
}

/** Returns the ready endpoints that `accept` takes, or else all that serve while they terminate. */
function readyOrDraining(
  endpoints: readonly Endpoint[],
  accept: (endpoint: Endpoint) => boolean = () => true,
): readonly Endpoint[] {
  const ready = endpoints.filter((endpoint) => endpoint.ready && accept(endpoint));
  return ready.length > 0 ? ready : endpoints.filter(isDraining);
}

/**
 * Decides which hints hold: only if every ready endpoint carries one, and one of them names this node or zone.
 * Node hints come before zone hints.
 */
function topologyMode(endpoints: readonly Endpoint[], node: Topology): TopologyMode {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  if (ready.length === 0) return "none";
  if (holds(ready.map((endpoint) => endpoint.nodeHints), node.nodeName)) return "PreferSameNode";
  if (holds(ready.map((endpoint) => endpoint.zoneHints), node.zone)) return "PreferSameZone";
  return "none";
}

function holds(hints: readonly (readonly string[])[], here: string): boolean {
  return here !== "" && hints.every((names) => names.length > 0) &&
    hints.some((names) => names.includes(here));
}

function matches(endpoint: Endpoint, topology: TopologyMode, node: Topology): boolean {
  switch (topology) {
    case "PreferSameNode":
      return endpoint.nodeHints.includes(node.nodeName);
    case "PreferSameZone":
      return endpoint.zoneHints.includes(node.zone);
    case "none":
      return true;
  }
}
