import { endpointsOf } from "./endpoint.ts";
import type { Family } from "./family.ts";
import { type Frontend, frontendsOf, type Place } from "./frontend.ts";
import { type CheckedPort, type HealthCheck, healthCheckOf } from "./health_check.ts";
import type { EndpointSliceObject, ServiceObject } from "./objects.ts";
import type { Problem } from "./problem.ts";
import { selectEndpoints, type Selection, type Topology } from "./selection.ts";
import { type ServicePort, servicePortsOf } from "./service_port.ts";
import { assignSlots } from "./slots.ts";

/** What one Service wants in one family. */
export interface ServiceState {
  readonly ports: readonly PortState[];
  /** Undefined when the Service has no `healthCheckNodePort` that counts. */
  readonly healthCheck: HealthCheck | undefined;
  /** What could not be used, without repetitions. */
  readonly problems: readonly Problem[];
}

/** One Service port with the endpoints chosen for it, in their slots. */
export interface PortState {
  readonly port: ServicePort;
  readonly selection: Selection;
  readonly frontends: readonly Frontend[];
}

/** Where and for whom a Service is derived. */
export interface Viewpoint {
  readonly family: Family;
  readonly node: Topology & Place;
}

/**
 * Derives what `service` with its `slices` wants.
 *
 * `previous` is its last state: endpoints that stay keep their slots. Returns undefined when the Service has nothing in
 * this family and nothing to complain about.
 */
export function deriveService(
  service: ServiceObject,
  slices: readonly EndpointSliceObject[],
  { family, node }: Viewpoint,
  previous: ServiceState | undefined,
): ServiceState | undefined {
  const problems: Problem[] = [];
  const checked: CheckedPort[] = [];
  const ports = servicePortsOf(service, family, problems).map((port) => {
    const query = {
      family,
      portName: port.portName,
      protocol: port.protocol,
      nodeName: node.nodeName,
    };
    const endpoints = endpointsOf(slices, query, problems);
    checked.push({ port, endpoints });
    const before = previous?.ports.find((old) => isSamePort(old.port, port))?.selection;
    const selection = inSlots(selectEndpoints(port, endpoints, node), before);
    return { port, selection, frontends: frontendsOf(port, selection, node) };
  });
  const healthCheck = healthCheckOf(service, checked, problems);
  if (ports.length === 0 && problems.length === 0) return undefined;
  return { ports, healthCheck, problems: withoutRepetitions(problems) };
}

function isSamePort(a: ServicePort, b: ServicePort): boolean {
  return a.portName === b.portName && a.protocol === b.protocol;
}

function inSlots(selection: Selection, before: Selection | undefined): Selection {
  return {
    ...selection,
    cluster: assignSlots(before?.cluster ?? [], selection.cluster),
    local: assignSlots(before?.local ?? [], selection.local),
  };
}

function withoutRepetitions(problems: readonly Problem[]): readonly Problem[] {
  const unique = new Map(
    problems.map((problem) => [`${problem.object} ${problem.message}`, problem]),
  );
  return [...unique.values()];
}
