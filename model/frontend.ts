import { cidrContains, disjointCIDRs, hostCIDR } from "./address.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Protocol } from "./family.ts";
import { type Dispatch, externalDispatch, goalsOf, internalDispatch } from "./policy.ts";
import type { Selection } from "./selection.ts";
import type { ServicePort } from "./service_port.ts";
import type { Settings } from "./settings.ts";

/** `address protocol port`, with `*` for a node port's address: what two Services cannot both have. */
export type FrontendKey = string;

/** One address and port on which a Service port is offered. */
export interface Frontend {
  readonly key: FrontendKey;
  readonly kind: "ClusterIP" | "ExternalIP" | "LoadBalancerIP" | "NodePort";
  /** "" for a node port, which is offered on the node's addresses. */
  readonly address: string;
  readonly protocol: Protocol;
  readonly port: number;
  readonly owner: ServicePort;
  readonly dispatch: Dispatch;
  /** CIDRs of those who may use it; everybody else is dropped. Disjoint. */
  readonly allowedSources: readonly string[] | "any";
  /** Endpoints by slot, where the dispatch can lead to the cluster list; else empty. */
  readonly cluster: readonly Endpoint[];
  /** Endpoints by slot, where the dispatch can lead to the local list; else empty. */
  readonly local: readonly Endpoint[];
  /** Endpoints that may keep the flows that they have; only for UDP, see {@linkcode Selection}. */
  readonly serving: readonly Endpoint[];
}

/** What it depends on where a Service port is offered, besides the Service. */
export type Place = Pick<Settings, "nodeAddress" | "offersExternalIPs">;

/**
 * Returns the frontends of a Service port: the cluster IP, then load balancer IPs, external IPs and the node port.
 *
 * An address that the Service names twice is offered once, in the role named first here.
 */
export function frontendsOf(
  port: ServicePort,
  selection: Selection,
  { nodeAddress, offersExternalIPs }: Place,
): readonly Frontend[] {
  const internal = internalDispatch(port, selection);
  const external = externalDispatch(port, selection);
  const admitted = admittedBy(port, nodeAddress);
  const frontends = new Map<FrontendKey, Frontend>();
  const offer = (kind: Frontend["kind"], address: string, dispatch: Dispatch): void => {
    const number = kind === "NodePort" ? port.nodePort : port.port;
    const { protocol } = port;
    const key = frontendKey(address, protocol, number);
    if (frontends.has(key)) return;
    frontends.set(key, {
      key,
      kind,
      address,
      protocol,
      port: number,
      owner: port,
      dispatch,
      allowedSources: kind === "LoadBalancerIP" ? admitted : "any",
      ...listsOf(dispatch, selection),
      serving: selection.serving,
    });
  };
  offer("ClusterIP", port.clusterIP, internal);
  for (const address of port.loadBalancerIPs) offer("LoadBalancerIP", address, external);
  for (const address of offersExternalIPs ? port.externalIPs : []) {
    offer("ExternalIP", address, external);
  }
  if (port.nodePort !== 0) offer("NodePort", "", external);
  return [...frontends.values()];
}

/** Returns the key of a frontend; `address` is "" for a node port. */
export function frontendKey(address: string, protocol: Protocol, port: number): FrontendKey {
  return `${address === "" ? "*" : address} ${protocol} ${port}`;
}

/**
 * Returns who may use the load balancer addresses. When this node may, the addresses themselves may too: a connection
 * of the node to one of them can have that address as its source.
 */
function admittedBy(
  port: ServicePort,
  nodeAddress: string | undefined,
): Frontend["allowedSources"] {
  const { sourceRanges, loadBalancerIPs } = port;
  if (sourceRanges === "any") return "any";
  const isNodeAdmitted = nodeAddress !== undefined &&
    sourceRanges.some((range) => cidrContains(range, nodeAddress));
  return disjointCIDRs([...sourceRanges, ...(isNodeAdmitted ? loadBalancerIPs.map(hostCIDR) : [])]);
}

const NONE: readonly Endpoint[] = [];

/** Returns the lists that a dispatch can lead to. */
function listsOf(
  dispatch: Dispatch,
  { cluster, local }: Selection,
): { cluster: readonly Endpoint[]; local: readonly Endpoint[] } {
  const goals = goalsOf(dispatch);
  return {
    cluster: goals.has("cluster") ? cluster : NONE,
    local: goals.has("local") ? local : NONE,
  };
}
