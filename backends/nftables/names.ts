import type { Family, Protocol } from "../../model/family.ts";
import { PROTOCOLS } from "../../model/family.ts";

/** The name of weir's table in both families. */
export const TABLE = "weir";

/** The name of the table of kube-proxy's nftables mode, in both families. */
export const KUBE_PROXY_TABLE = "kube-proxy";

/**
 * The version of everything below that does not depend on the cluster.
 *
 * Raise it with every change of a declaration: a live table of another version is deleted and made anew within the
 * transaction. The kernel has it as the name of an empty chain, because chains can be listed without reading
 * 300,000 elements, and comments of tables cannot.
 */
export const SCHEMA_CHAIN = "schema-1";

/** How nft spells a family. */
export function nftFamily(family: Family): "ip" | "ip6" {
  return family === "IPv4" ? "ip" : "ip6";
}

/** How nft spells a protocol. */
export function nftProtocol(protocol: Protocol): "tcp" | "udp" | "sctp" {
  return protocol.toLowerCase() as "tcp" | "udp" | "sctp";
}

/** The sets of addresses. */
export const SETS = {
  clusterIPs: "cluster-ips",
  nodePortIPs: "nodeport-ips",
  serviceCIDRs: "service-cidrs",
  hairpin: "hairpin",
  /** Endpoints that only traffic which must stay on this node may reach. */
  localOnly: "local-only-endpoints",
  /** Frontends with session affinity of which a client could not be remembered. */
  unlearned: "unlearned-services",
  /** Frontends that only some sources may use, and who may. */
  restricted: "restricted-services",
  allowedSources: "allowed-sources",
} as const;

/**
 * The verdict maps of one kind of frontend: those with an address of their own, or node ports.
 *
 * `services` is met first. Where who asks decides, it leads to a policy chain, which goes on with `cluster` or
 * `local`. `noEndpoints` is met in the filter hooks by what was not translated.
 */
export interface VerdictMaps {
  readonly services: string;
  readonly cluster: string;
  readonly local: string;
  readonly noEndpoints: string;
}

/** The verdict maps for addresses. */
export const ADDRESS_MAPS: VerdictMaps = {
  services: "service-ips",
  cluster: "cluster-balancers",
  local: "local-balancers",
  noEndpoints: "no-endpoint-services",
};

/** The verdict maps for node ports. */
export const NODEPORT_MAPS: VerdictMaps = {
  services: "service-nodeports",
  cluster: "nodeport-cluster-balancers",
  local: "nodeport-local-balancers",
  noEndpoints: "no-endpoint-nodeports",
};

/** The chains of fixed name that other chains and elements lead to. */
export const CHAINS = {
  services: "services",
  masquerading: "masquerading",
  firewallCheck: "firewall-check",
  learning: "learning",
  external: "external",
  externalLocal: "external-local",
  nodeport: "nodeport",
  nodeportLocal: "nodeport-local",
  serviceEndpointsCheck: "service-endpoints-check",
  nodeportEndpointsCheck: "nodeport-endpoints-check",
  clusterIPsCheck: "cluster-ips-check",
  reject: "reject-chain",
} as const;

/** One of a frontend's two lists of endpoints. */
export type List = "cluster" | "local";

/**
 * A chain that picks one of `size` endpoints at random, shared by all frontends of its kind.
 *
 * There is one for each distinct number of endpoints, and none for a Service.
 */
export interface Balancer {
  readonly protocol: Protocol;
  readonly nodePort: boolean;
  readonly list: List;
  readonly size: number;
}

/** Returns the name of a balancer's chain, such as `tcp-lb-10` or `udp-nodeport-local-lb-3`. */
export function balancerChain(balancer: Balancer): string {
  return `${balancerPrefix(balancer)}lb-${balancer.size}`;
}

/** Returns the name of the map in which a balancer looks up its endpoints. */
export function endpointMap(balancer: Omit<Balancer, "size">): string {
  return `${balancerPrefix(balancer)}endpoints`;
}

/** Returns the kinds of balancers: each has a map of endpoints, and chains as needed. */
export function balancerKinds(): readonly Omit<Balancer, "size">[] {
  return PROTOCOLS.flatMap((protocol) =>
    [false, true].flatMap((nodePort) =>
      (["cluster", "local"] as const).map((list) => ({ protocol, nodePort, list }))
    )
  );
}

function balancerPrefix({ protocol, nodePort, list }: Omit<Balancer, "size">): string {
  return `${nftProtocol(protocol)}-${nodePort ? "nodeport-" : ""}${
    list === "local" ? "local-" : ""
  }`;
}
