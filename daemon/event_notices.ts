import type { Conflict } from "../model/conflicts.ts";
import type { Family } from "../model/family.ts";
import type { Frontend } from "../model/frontend.ts";
import type { HealthCheck } from "../model/health_check.ts";
import type { Kind, ObjectKey } from "../model/objects.ts";
import type { Problem } from "../model/problem.ts";
import type { ServicePort } from "../model/service_port.ts";
import { objectIn, type Snapshot } from "../model/snapshot.ts";
import type { EventNotice, EventSubject } from "../watch/event_writer.ts";

const API_VERSIONS: Readonly<Record<Kind, string>> = {
  Service: "v1",
  EndpointSlice: "discovery.k8s.io/v1",
  Node: "v1",
  ServiceCIDR: "networking.k8s.io/v1",
};

/** Says on the Node that the proxy was started, once a process. The uid is the name: `kubectl describe` finds it so. */
export function startingNotice(nodeName: string): EventNotice {
  return {
    type: "Normal",
    reason: "Starting",
    action: "StartKubeProxy",
    note: "",
    regarding: { apiVersion: "v1", kind: "Node", namespace: "", name: nodeName, uid: nodeName },
    scope: "node",
  };
}

/** Says on the Node that a server of this process cannot have its address: with `hardFail` the process ends over it. */
export function bindFailureNotice(
  nodeName: string,
  server: "health" | "metrics",
  error: Error,
): EventNotice {
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return {
    ...startingNotice(nodeName),
    type: "Warning",
    reason: server === "health" ? "FailedToStartProxierHealthcheck" : "FailedToStartMetricServer",
    note: `${error.message}${cause}`,
  };
}

/** Says on the Node that its configuration asks for a mode that goes away in Kubernetes, in kube-proxy's terms (KEP-5495). */
export function ipvsDeprecationNotice(nodeName: string): EventNotice {
  return {
    ...startingNotice(nodeName),
    type: "Warning",
    reason: "IPVSDeprecation",
    note:
      'Mode "ipvs" is deprecated in Kubernetes. weir programs nftables in its place: set mode "nftables"',
  };
}

/** Says on the Node that changes do not get into the kernel. */
export function syncFailedNotice(nodeName: string, family: Family, error: unknown): EventNotice {
  const why = error instanceof Error ? error.message : String(error);
  return {
    ...startingNotice(nodeName),
    type: "Warning",
    reason: "FailedToProgramRules",
    action: "ProgramRules",
    note: `${family}: the last good rules stay in force. ${why}`,
  };
}

/** Says on the Node that another program changed weir's rules. */
export function tamperedNotice(
  nodeName: string,
  family: Family,
  program: string | undefined,
): EventNotice {
  return {
    ...startingNotice(nodeName),
    type: "Warning",
    reason: "RulesChanged",
    action: "RepairRules",
    note: `${family}: ${somebody(program)} changed weir's rules. They are written anew`,
  };
}

/** Says on the Node that another program changes weir's rules again and again. */
export function contestedNotice(
  nodeName: string,
  family: Family,
  program: string | undefined,
): EventNotice {
  return {
    ...tamperedNotice(nodeName, family, program),
    reason: "RulesContested",
    note: `${family}: ${somebody(program)} changes weir's rules again and again. ` +
      "Repairs wait for up to a minute: stop it",
  };
}

function somebody(program: string | undefined): string {
  return program === undefined ? "another program" : `a program named "${program}"`;
}

/** Says on each Service that loses a conflict what it does not have, and who has it. */
export function conflictNotices(
  { winner, losers }: Conflict,
  snapshot: Snapshot,
): readonly EventNotice[] {
  const place = placeOf(winner);
  return losers.map(({ owner }) =>
    lostNotice(owner.service, winner.owner.service, place, snapshot)
  );
}

/** Says on a Service that an older one has its health check port. */
export function healthCheckLostNotice(
  loser: HealthCheck,
  winner: HealthCheck,
  snapshot: Snapshot,
): EventNotice {
  const place = `Health check port ${loser.port}`;
  return lostNotice(loser.service, winner.service, place, snapshot);
}

/** Says on an object which part of it is not used, and why. */
export function problemNotice({ kind, object, message }: Problem, snapshot: Snapshot): EventNotice {
  return {
    type: "Warning",
    reason: "SkippedPart",
    action: "ProgramRules",
    note: message,
    regarding: subjectOf(kind, object, snapshot),
    scope: "cluster",
  };
}

/** Says on a Service that a node cannot answer its health checks, in kube-proxy's terms. */
export function healthCheckFailedNotice(
  { service, port }: HealthCheck,
  error: Error,
  { nodeName, snapshot }: { readonly nodeName: string; readonly snapshot: Snapshot },
): EventNotice {
  const cause = error.cause instanceof Error ? `: ${error.cause.message}` : "";
  return {
    type: "Warning",
    reason: "FailedToStartServiceHealthcheck",
    action: "Listen",
    note: `Node "${nodeName}" does not answer on port ${port}: ${error.message}${cause}`,
    regarding: subjectOf("Service", service, snapshot),
    scope: "node",
  };
}

/** Says on a Service that a node cannot remember all clients of a port of it. */
export function affinityFullNotice(
  { service, portName, protocol, port }: ServicePort,
  { clients, nodeName, snapshot }: {
    /** How many it can remember. */
    readonly clients: number;
    readonly nodeName: string;
    readonly snapshot: Snapshot;
  },
): EventNotice {
  const which = portName === "" ? `Port ${port}/${protocol}` : `Port "${portName}"`;
  return {
    type: "Warning",
    reason: "SessionAffinityFull",
    action: "RememberClient",
    note: `${which} has more than ${clients} clients on node "${nodeName}": ` +
      `further ones get an endpoint at random with each connection`,
    regarding: subjectOf("Service", service, snapshot),
    scope: "node",
  };
}

function lostNotice(
  loser: ObjectKey,
  winner: ObjectKey,
  place: string,
  snapshot: Snapshot,
): EventNotice {
  return {
    type: "Warning",
    reason: "PortConflict",
    action: "ProgramRules",
    note:
      `${place} belongs to Service "${winner}", which is older: this one gets it when that one goes`,
    regarding: subjectOf("Service", loser, snapshot),
    scope: "cluster",
  };
}

function placeOf({ address, protocol, port }: Frontend): string {
  if (address === "") return `Node port ${port}/${protocol}`;
  const host = address.includes(":") ? `[${address}]` : address;
  return `${host}:${port}/${protocol}`;
}

function subjectOf(kind: Kind, key: ObjectKey, snapshot: Snapshot): EventSubject {
  const [namespace, name] = key.includes("/") ? key.split("/") : ["", key];
  return {
    apiVersion: API_VERSIONS[kind],
    kind,
    namespace: namespace ?? "",
    name: name ?? "",
    uid: objectIn(snapshot, kind, key)?.uid ?? "",
  };
}
