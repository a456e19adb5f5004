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
  /** Why hints that ready endpoints carry do not count, a sentence for each kind of them; empty when all is well. */
  readonly ignoredHints: readonly string[];
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
  const { topology, ignoredHints } = usesCluster(port) ? followHints(endpoints, node) : UNHINTED;
  const cluster = usesCluster(port)
    ? readyOrDraining(endpoints, (endpoint) => matches(endpoint, topology, node))
    : [];
  const local = usesLocal(port) ? readyOrDraining(endpoints.filter((one) => one.local)) : [];
  const hasEndpoints = cluster.length > 0 || endpoints.some((one) => one.ready || isDraining(one));
  const serving = port.protocol === "UDP"
    ? endpoints.filter((one) => one.serving || one.ready)
    : NONE;
  return { cluster, local, serving, hasEndpoints, topology, ignoredHints };
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

/** Hints that name one sort of place. */
interface HintKind {
  readonly mode: Exclude<TopologyMode, "none">;
  readonly place: string;
  /** The places that an endpoint is meant for. */
  readonly hintsOf: (endpoint: Endpoint) => readonly string[];
  /** This node's own; "" when it is not known. */
  readonly here: (node: Topology) => string;
}

/** The kinds of hints: node hints come before zone hints. */
const HINT_KINDS: readonly HintKind[] = [
  {
    mode: "PreferSameNode",
    place: "node",
    hintsOf: (endpoint) => endpoint.nodeHints,
    here: (node) => node.nodeName,
  },
  {
    mode: "PreferSameZone",
    place: "zone",
    hintsOf: (endpoint) => endpoint.zoneHints,
    here: (node) => node.zone,
  },
];

const UNHINTED: Pick<Selection, "topology" | "ignoredHints"> = {
  topology: "none",
  ignoredHints: [],
};

/** Decides which hints hold: only if every ready endpoint carries one, and one of them names this node or zone. */
function followHints(
  endpoints: readonly Endpoint[],
  node: Topology,
): Pick<Selection, "topology" | "ignoredHints"> {
  const ready = endpoints.filter((endpoint) => endpoint.ready);
  const ignoredHints: string[] = [];
  for (const kind of HINT_KINDS) {
    if (!ready.some((endpoint) => kind.hintsOf(endpoint).length > 0)) continue;
    const objection = objectionTo(kind, ready, kind.here(node));
    if (objection === undefined) return { topology: kind.mode, ignoredHints };
    ignoredHints.push(`Ignored hints for ${kind.place}s: ${objection}`);
  }
  return ignoredHints.length === 0 ? UNHINTED : { topology: "none", ignoredHints };
}

/** Returns why hints of one kind cannot be followed, or undefined when they can. */
function objectionTo(
  { place, hintsOf }: HintKind,
  ready: readonly Endpoint[],
  here: string,
): string | undefined {
  if (here === "") return `this node has no ${place}`;
  if (ready.some((endpoint) => hintsOf(endpoint).length === 0)) return "a ready endpoint has none";
  if (ready.some((endpoint) => hintsOf(endpoint).includes(here))) return undefined;
  return `no ready endpoint is meant for ${place} "${here}"`;
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
