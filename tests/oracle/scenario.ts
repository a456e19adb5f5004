import type { Family } from "../../model/family.ts";

/** The members of each lab. `remote` is a pod of the other node; `client` is outside the cluster. */
export const MEMBERS = ["pod-a", "pod-b", "remote", "node", "client"] as const;
export type Member = typeof MEMBERS[number];

/** The addresses of the members, the same in both labs. */
export const ADDRESSES: Readonly<Record<Member, Readonly<Record<Family, string>>>> = {
  "pod-a": { IPv4: "10.244.1.5", IPv6: "fd00:244::1:5" },
  "pod-b": { IPv4: "10.244.1.6", IPv6: "fd00:244::1:6" },
  remote: { IPv4: "10.244.2.7", IPv6: "fd00:244::2:7" },
  node: { IPv4: "192.0.2.10", IPv6: "2001:db8::10" },
  client: { IPv4: "192.0.2.100", IPv6: "2001:db8::100" },
};

/** A second address of the node, which its Node object does not name. */
export const SECOND_NODE_ADDRESS = { IPv4: "203.0.113.7", IPv6: "2001:db8:7::7" } as const;

/** A load balancer's address that is one of the node's, too. */
export const HELD_VIP = { IPv4: "203.0.113.9", IPv6: "2001:db8:7::9" } as const;

/** An address that a scenario gives the node while the proxies run. */
export const NEW_NODE_ADDRESS = { IPv4: "203.0.113.8", IPv6: "2001:db8:7::8" } as const;

/** The names of this node and of the other one, and the zones that they stand in. */
export const NODE_NAME = "node-a";
export const OTHER_NODE_NAME = "node-b";
export const ZONE = "zone-a";
export const OTHER_ZONE = "zone-b";

/** The ports on which every member but the client answers, over TCP and UDP. */
export const TARGET_PORTS = [8080, 8081] as const;

/** One scenario: it is played against both proxies, and the outcomes of its probes are compared. */
export interface Scenario {
  readonly name: string;
  /** What the cluster holds at first. */
  readonly objects: readonly Piece[];
  /** What happens then, one after the other. The probes are made before the first change and after each. */
  readonly changes?: readonly Change[];
  readonly probes: readonly Probe[];
}

/** What happens at one step. */
export interface Change {
  /** Completes "after …". */
  readonly what: string;
  /** Objects that are created, or replaced if they are there. */
  readonly apply?: readonly Piece[];
  /** Objects that are deleted. */
  readonly remove?: readonly Piece[];
  /** Lines for `ip -batch` on the node. */
  readonly node?: readonly string[];
  /** Lines for nft on the nodes, by the proxy whose rules are disturbed. */
  readonly disturbance?: Readonly<Record<"kube-proxy" | "weir", readonly string[]>>;
  /** The zone that the Node object names from now on. */
  readonly zone?: string;
  /** The keys of all taints that the Node object has from now on. */
  readonly taints?: readonly string[];
  /** True when both proxies are ended before it happens, and started again after. */
  readonly whileDown?: boolean;
  /** Milliseconds to wait before the probes. */
  readonly pauseMs?: number;
}

/** An object of a scenario. Names are the scenario's own; addresses and node ports are given out by the renderer. */
export type Piece = ServicePiece | SlicePiece | ServiceCIDRPiece;

/** A Service with, unless told otherwise, every frontend in both families. */
export interface ServicePiece {
  readonly kind: "Service";
  readonly name: string;
  readonly type: "ClusterIP" | "NodePort" | "LoadBalancer" | "ExternalName" | "Headless";
  readonly families: readonly Family[];
  readonly ports: readonly PortPiece[];
  /** Its external IP: "own", "none", or the name of a Service of the scenario whose external IP it claims too. */
  readonly external: string;
  /** The `ipMode` of its load balancer address; "none" for no address. */
  readonly ipMode: "VIP" | "Proxy" | "absent" | "none";
  /** The load balancer's addresses; without them, addresses of its own. */
  readonly vips?: Readonly<Record<Family, string>>;
  /** Further entries of its load balancer's status. */
  readonly ingress: readonly Readonly<Record<string, unknown>>[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  /** More fields of its `spec`; they win. */
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A port of a Service. */
export interface PortPiece {
  readonly name: string;
  readonly port: number;
  readonly protocol: "TCP" | "UDP" | "SCTP";
}

/** The EndpointSlices, one for each family, that name the same members. */
export interface SlicePiece {
  readonly kind: "EndpointSlice";
  readonly name: string;
  /** The Service that it belongs to; "" for none. */
  readonly service: string;
  readonly families: readonly Family[];
  readonly ports: readonly Partial<PortPiece>[];
  readonly endpoints: readonly EndpointPiece[];
  readonly labels: Readonly<Record<string, string>>;
  /** More of its fields; they win. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** An endpoint: the member that answers, and what the slice says about it. */
export interface EndpointPiece {
  readonly member: Member;
  readonly conditions?: Readonly<
    Partial<Record<"ready" | "serving" | "terminating", boolean>>
  >;
  readonly zones?: readonly string[];
  readonly nodes?: readonly string[];
  /** Members whose addresses it has too, after the first one. */
  readonly also?: readonly Member[];
  /** False when the slice does not say on which node it is. @default {true} */
  readonly hasNode?: boolean;
}

/** A range of cluster IPs beyond those that the API server starts with. */
export interface ServiceCIDRPiece {
  readonly kind: "ServiceCIDR";
  readonly name: string;
  readonly cidrs: readonly string[];
}

/** Who asks whom, and how. It is made in every family of {@linkcode Probe.families}. */
export interface Probe {
  readonly from: Member;
  readonly to: Target;
  /** The Service whose frontend it is. */
  readonly service: string;
  /** The path of a GET. @default {"/"} */
  readonly path?: string;
  /** The Service's port; for a node port, the one that it belongs to. */
  readonly port: number;
  readonly protocol: "TCP" | "UDP";
  readonly families: readonly Family[];
  /**
   * `connect`: new connections; who answers and whom do they see? `count`: the same, but how many answer (a random
   * choice). `flow`: a flow that is opened at first and asked again after each change. `spread`: one connection from each
   * of the client's further addresses. `echo`: ICMP echo. `sctp`: an SCTP INIT. `health`: GET of the health check node
   * port, on the address of a node port. `http`: GET of any address and port.
   */
  readonly kind: "connect" | "count" | "flow" | "spread" | "echo" | "sctp" | "health" | "http";
}

/** A frontend of the Service, or an address of its own (with {@linkcode Probe.port}). */
export type Target =
  | "cluster IP"
  | "external IP"
  | "load balancer IP"
  | "node port"
  | "second node port"
  | "new node port"
  | "loopback node port"
  | Readonly<Partial<Record<Family, string>>>;

/** A Service's four frontends. */
export const FRONTENDS = ["cluster IP", "external IP", "load balancer IP", "node port"] as const;

const HTTP: PortPiece = { name: "http", port: 80, protocol: "TCP" };
const BOTH: readonly Family[] = ["IPv4", "IPv6"];

/** Returns a Service `web` with a TCP port `http` and every frontend, changed as asked. */
export function service(
  changes: Partial<Omit<ServicePiece, "kind" | "ports">> & {
    readonly ports?: readonly Partial<PortPiece>[];
  } = {},
): ServicePiece {
  const { ports = [{}], ...rest } = changes;
  return {
    kind: "Service",
    name: "web",
    type: "LoadBalancer",
    families: BOTH,
    external: "own",
    ipMode: "VIP",
    ingress: [],
    labels: {},
    annotations: {},
    spec: {},
    ...rest,
    ports: ports.map((port) => ({ ...HTTP, ...port })),
  };
}

/** Returns a ClusterIP Service `web`, changed as asked. */
export function clusterService(changes: Parameters<typeof service>[0] = {}): ServicePiece {
  return service({ type: "ClusterIP", external: "none", ipMode: "none", ...changes });
}

/** Returns the slices of Service `web`, or of another, with a TCP port `http` 8080, changed as asked. */
export function slice(
  endpoints: readonly (Member | EndpointPiece)[],
  changes: Partial<Omit<SlicePiece, "kind" | "ports" | "endpoints">> & {
    readonly ports?: readonly Partial<PortPiece>[];
  } = {},
): SlicePiece {
  const { ports = [{}], service: owner = "web", ...rest } = changes;
  return {
    kind: "EndpointSlice",
    name: `${owner}-a`,
    service: owner,
    families: BOTH,
    labels: {},
    fields: {},
    ...rest,
    endpoints: endpoints.map((one) => typeof one === "string" ? { member: one } : one),
    ports: ports.map((port) => ({ ...HTTP, port: TARGET_PORTS[0], ...port })),
  };
}

/** Returns a probe for each of `from` and each of `to`, changed as asked. */
export function ask(
  from: Member | readonly Member[],
  to: Target | readonly Target[],
  changes: Partial<Probe> = {},
): Probe[] {
  const targets = Array.isArray(to) ? to as readonly Target[] : [to as Target];
  return [from].flat().flatMap((sender) =>
    targets.map((target) => ({
      service: "web",
      port: 80,
      protocol: "TCP",
      families: BOTH,
      kind: "connect",
      ...changes,
      from: sender,
      to: target,
    } as const))
  );
}

/** Conditions of an endpoint that is being taken out of service and still answers. */
export const DRAINING = { ready: false, serving: true, terminating: true } as const;
/** Conditions of an endpoint that nobody may use. */
export const UNREADY = { ready: false, serving: false, terminating: false } as const;
/** A pod, the node, and a client outside. */
export const ORIGINS = ["pod-b", "node", "client"] as const;
