import type { Endpoint } from "./endpoint.ts";
import { keyOf, type ObjectKey, type ServiceObject } from "./objects.ts";
import type { Problem } from "./problem.ts";
import { isPort, type ServicePort } from "./service_port.ts";

/**
 * What this node tells load balancers about a Service: whether to send traffic for it here.
 *
 * Only a Service of type LoadBalancer with externalTrafficPolicy Local has one (`spec.healthCheckNodePort`).
 */
export interface HealthCheck {
  readonly service: ObjectKey;
  /** The port of the node on which it is asked. */
  readonly port: number;
  /** Distinct addresses of ready endpoints on this node, over all ports of the Service. */
  readonly localEndpoints: number;
  /** Who comes first when two Services claim one port, see `ServicePort.seniority`. */
  readonly seniority: string;
}

/** One port of a Service with all its endpoints, chosen or not. */
export interface CheckedPort {
  readonly port: ServicePort;
  readonly endpoints: readonly Endpoint[];
}

/**
 * Returns the health check of `service`, or undefined when it is to have none in this family.
 *
 * Endpoints that terminate do not count, although they may still get traffic: the load balancer shall turn to other
 * nodes. A missing or impossible port is appended to `problems`.
 */
export function healthCheckOf(
  service: ServiceObject,
  ports: readonly CheckedPort[],
  problems: Problem[],
): HealthCheck | undefined {
  const [first] = ports;
  if (first === undefined || service.type !== "LoadBalancer") return undefined;
  if (service.externalTrafficPolicy !== "Local") return undefined;
  const { healthCheckNodePort: port } = service;
  if (!isPort(port)) {
    const message = port === 0
      ? "Skipped the health check: externalTrafficPolicy is Local, but spec.healthCheckNodePort is not set"
      : `Skipped the health check: spec.healthCheckNodePort ${port} is not between 1 and 65535`;
    problems.push({ kind: "Service", object: keyOf(service), message });
    return undefined;
  }
  return {
    service: keyOf(service),
    port,
    localEndpoints: countLocal(ports),
    seniority: first.port.seniority,
  };
}

function countLocal(ports: readonly CheckedPort[]): number {
  const addresses = new Set<string>();
  for (const { endpoints } of ports) {
    for (const { ready, local, address } of endpoints) if (ready && local) addresses.add(address);
  }
  return addresses.size;
}
