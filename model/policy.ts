import type { Selection } from "./selection.ts";
import type { ServicePort } from "./service_port.ts";

/**
 * What becomes of a new connection to a frontend of a Service port; one word for a row of {@linkcode POLICY}.
 *
 * - `cluster`, `local`: the cluster IP under internalTrafficPolicy Cluster, or Local with endpoints here
 * - `external`: an external address or node port under externalTrafficPolicy Cluster
 * - `external-local`: the same under Local, with endpoints on this node
 * - `external-remote`: the same under Local, with endpoints on other nodes only
 * - `drop`: endpoints exist, but none that this frontend may use
 * - `reject`: no endpoints at all
 */
export type Dispatch =
  | "cluster"
  | "local"
  | "external"
  | "external-local"
  | "external-remote"
  | "drop"
  | "reject";

/** Who sends: a pod of the cluster (as detectLocalMode tells it), this node itself, or anybody else. */
export type Origin = "pod" | "host" | "outside";

/** Where a new connection goes. */
export interface Outcome {
  /** The list of endpoints to pick from at random, or what happens to the packet instead. */
  readonly to: "cluster" | "local" | "drop" | "reject";
  /** Whether the source is replaced by the node's address. `off-cluster` is decided by masqueradeAll and the detector. */
  readonly masquerade: boolean;
}

const CLUSTER: Outcome = { to: "cluster", masquerade: false };
const CLUSTER_SNAT: Outcome = { to: "cluster", masquerade: true };
const LOCAL: Outcome = { to: "local", masquerade: false };
const LOCAL_SNAT: Outcome = { to: "local", masquerade: true };
const DROP: Outcome = { to: "drop", masquerade: false };
const REJECT: Outcome = { to: "reject", masquerade: false };

/**
 * The decision table of a Service proxy: dispatch x origin → outcome.
 *
 * The renderer makes rules and elements of it, the evaluator walks these, and the tests hold both to it. The
 * short-circuit of pods and the node under externalTrafficPolicy Local stands for going out to the load balancer and
 * back. Hairpin connections are masqueraded in every row. Without a detector nobody is known to be a pod, and cluster
 * IPs are not masqueraded for hosts and outsiders.
 */
export const POLICY: Readonly<Record<Dispatch, Readonly<Record<Origin, Outcome>>>> = {
  cluster: { pod: CLUSTER, host: CLUSTER_SNAT, outside: CLUSTER_SNAT },
  local: { pod: LOCAL, host: LOCAL_SNAT, outside: LOCAL_SNAT },
  external: { pod: CLUSTER_SNAT, host: CLUSTER_SNAT, outside: CLUSTER_SNAT },
  "external-local": { pod: CLUSTER, host: CLUSTER_SNAT, outside: LOCAL },
  "external-remote": { pod: CLUSTER, host: CLUSTER_SNAT, outside: DROP },
  drop: { pod: DROP, host: DROP, outside: DROP },
  reject: { pod: REJECT, host: REJECT, outside: REJECT },
};

/** Where traffic of each dispatch can go, whoever sends it. */
const GOALS: ReadonlyMap<string, ReadonlySet<Outcome["to"]>> = new Map(
  Object.entries(POLICY).map(([dispatch, row]) => [
    dispatch,
    new Set(Object.values(row).map(({ to }) => to)),
  ]),
);

/** Returns where traffic of a dispatch can go, whoever sends it. */
export function goalsOf(dispatch: Dispatch): ReadonlySet<Outcome["to"]> {
  return GOALS.get(dispatch) ?? new Set();
}

/** Returns what happens to traffic to the cluster IP. */
export function internalDispatch(port: ServicePort, selection: Selection): Dispatch {
  if (!selection.hasEndpoints) return "reject";
  if (port.internalPolicy === "Cluster") return "cluster";
  return selection.local.length > 0 ? "local" : "drop";
}

/** Returns what happens to traffic to an external IP, a load balancer IP or the node port. */
export function externalDispatch(port: ServicePort, selection: Selection): Dispatch {
  if (!selection.hasEndpoints) return "reject";
  if (port.externalPolicy === "Cluster") return "external";
  return selection.local.length > 0 ? "external-local" : "external-remote";
}
