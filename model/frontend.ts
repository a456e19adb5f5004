import type { Endpoint } from "./endpoint.ts";
import type { Protocol } from "./family.ts";
import { type Dispatch, externalDispatch, internalDispatch } from "./policy.ts";
import type { Selection } from "./selection.ts";
import type { ServicePort } from "./service_port.ts";

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
  /** Endpoints by slot, where the dispatch can lead to the cluster list; else empty. */
  readonly cluster: readonly Endpoint[];
  /** Endpoints by slot, where the dispatch can lead to the local list; else empty. */
  readonly local: readonly Endpoint[];
}

/**
 * Returns the frontends of a Service port: the cluster IP, then external IPs, load balancer IPs and the node port.
 *
 * An address that the Service names twice is offered once, in the role named first here.
 */
export function frontendsOf(port: ServicePort, selection: Selection): readonly Frontend[] {
  const internal = internalDispatch(port, selection);
  const external = externalDispatch(port, selection);
  const frontends = new Map<FrontendKey, Frontend>();
  const offer = (kind: Frontend["kind"], address: string, dispatch: Dispatch): void => {
    const number = kind === "NodePort" ? port.nodePort : port.port;
    const key = `${address === "" ? "*" : address} ${port.protocol} ${number}`;
    if (frontends.has(key)) return;
    const lists = listsOf(dispatch, selection);
    const { protocol } = port;
    frontends.set(key, {
      key,
      kind,
      address,
      protocol,
      port: number,
      owner: port,
      dispatch,
      ...lists,
    });
  };
  offer("ClusterIP", port.clusterIP, internal);
  for (const address of port.externalIPs) offer("ExternalIP", address, external);
  for (const address of port.loadBalancerIPs) offer("LoadBalancerIP", address, external);
  if (port.nodePort !== 0) offer("NodePort", "", external);
  return [...frontends.values()];
}

const NONE: readonly Endpoint[] = [];

/** Returns the lists that a dispatch can lead to. */
function listsOf(
  dispatch: Dispatch,
  { cluster, local }: Selection,
): { cluster: readonly Endpoint[]; local: readonly Endpoint[] } {
  switch (dispatch) {
    case "cluster":
    case "external":
    case "external-remote":
      return { cluster, local: NONE };
    case "local":
      return { cluster: NONE, local };
    case "external-local":
      return { cluster, local };
    case "drop":
    case "reject":
      return { cluster: NONE, local: NONE };
  }
}
