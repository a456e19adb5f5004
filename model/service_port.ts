import type { Family, Protocol } from "./family.ts";
import { familyOf } from "./family.ts";
import { normaliseAddress, normaliseCIDR } from "./address.ts";
import { keyOf, type ObjectKey, type ServiceObject, type ServicePortObject } from "./objects.ts";
import type { Problem } from "./problem.ts";

/** The unit of programming: one port of one Service in one family. */
export interface ServicePort {
  /** `namespace/name:portname`, or `namespace/name` when the port has no name. */
  readonly name: string;
  readonly service: ObjectKey;
  readonly portName: string;
  readonly protocol: Protocol;
  readonly clusterIP: string;
  readonly port: number;
  /** 0 when there is none. */
  readonly nodePort: number;
  readonly externalIPs: readonly string[];
  readonly loadBalancerIPs: readonly string[];
  /** Source CIDRs of the family that may use the load balancer addresses. */
  readonly sourceRanges: readonly string[] | "any";
  /** Seconds that a client stays with its endpoint; 0 without session affinity. */
  readonly affinitySeconds: number;
  readonly internalPolicy: "Cluster" | "Local";
  readonly externalPolicy: "Cluster" | "Local";
  /** Seniority among Services that claim one address: creation time, then namespace/name. Smaller is older. */
  readonly seniority: string;
}

/** Returns the ports of `service` in `family`; none when the Service does not exist for that family. */
export function servicePortsOf(
  service: ServiceObject,
  family: Family,
  problems: Problem[],
): readonly ServicePort[] {
  const report = (message: string): void => {
    problems.push({ kind: "Service", object: keyOf(service), message });
  };
  const text = clusterIPOf(service, family);
  if (text === undefined) return [];
  const clusterIP = normaliseAddress(text);
  if (clusterIP === undefined || familyOf(clusterIP) !== family) {
    report(`Skipped the ${family} side: cluster IP "${text}" is not an ${family} address`);
    return [];
  }
  const shared = {
    service: keyOf(service),
    clusterIP,
    externalIPs: addresses(service.externalIPs, family, "spec.externalIPs", report),
    loadBalancerIPs: addresses(
      service.ingress.filter((entry) => entry.ipMode === "VIP").map((entry) => entry.ip),
      family,
      "status.loadBalancer.ingress",
      report,
    ),
    sourceRanges: sourceRangesOf(service, family, report),
    affinitySeconds: service.sessionAffinity === "ClientIP" ? service.affinitySeconds : 0,
    internalPolicy: service.internalTrafficPolicy,
    externalPolicy: isExternal(service) ? service.externalTrafficPolicy : "Cluster",
    seniority: `${service.creationTimestamp} ${keyOf(service)}`,
  } as const;
  return service.ports.filter((port) => isUsable(port, report)).map((port) => ({
    ...shared,
    name: port.name === "" ? shared.service : `${shared.service}:${port.name}`,
    portName: port.name,
    protocol: port.protocol,
    port: port.port,
    nodePort: port.nodePort,
  }));
}

/**
 * Returns the cluster IP of `service` in `family` as the API wrote it, or undefined when it has none there.
 *
 * Headless and ExternalName Services have none, even with addresses in their fields. Old objects carry only
 * `spec.clusterIP`; newer ones list an address per entry of `spec.ipFamilies`.
 */
function clusterIPOf(service: ServiceObject, family: Family): string | undefined {
  if (service.type === "ExternalName") return undefined;
  if (service.clusterIP === "" || service.clusterIP === "None") return undefined;
  if (service.ipFamilies.length === 0) {
    return familyOf(service.clusterIP) === family ? service.clusterIP : undefined;
  }
  const index = service.ipFamilies.indexOf(family);
  if (index < 0) return undefined;
  return service.clusterIPs[index] ?? (index === 0 ? service.clusterIP : undefined);
}

/** Tells whether `externalTrafficPolicy` means something for the Service. */
function isExternal(service: ServiceObject): boolean {
  return service.type === "LoadBalancer" || service.type === "NodePort" ||
    (service.type === "ClusterIP" && service.externalIPs.length > 0);
}

function isUsable(port: ServicePortObject, report: (message: string) => void): boolean {
  if (!isPort(port.port)) {
    report(`Skipped port "${port.name}": ${port.port} is not between 1 and 65535`);
    return false;
  }
  if (port.nodePort !== 0 && !isPort(port.nodePort)) {
    report(`Skipped port "${port.name}": node port ${port.nodePort} is not between 1 and 65535`);
    return false;
  }
  return true;
}

/** Tells whether `value` is a port number that a packet can carry as a destination. */
export function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65535;
}

function addresses(
  texts: readonly string[],
  family: Family,
  field: string,
  report: (message: string) => void,
): readonly string[] {
  const usable = new Set<string>();
  for (const text of texts) {
    if (text === "") continue;
    const address = normaliseAddress(text);
    if (address === undefined) {
      report(`Skipped an entry of ${field}: "${text}" is not an IP address`);
    } else if (familyOf(address) === family) usable.add(address);
  }
  return [...usable];
}

/**
 * Returns who may use the load balancer addresses of `family`.
 *
 * A list that names sources of one family only closes the other family: whoever writes it means to shut everybody else
 * out (kube-proxy leaves the other family open). Nothing but /0, or nothing usable, restricts nobody.
 */
function sourceRangesOf(
  service: ServiceObject,
  family: Family,
  report: (message: string) => void,
): ServicePort["sourceRanges"] {
  const ranges: string[] = [];
  for (const text of service.loadBalancerSourceRanges) {
    const range = normaliseCIDR(text.trim());
    if (range !== undefined) ranges.push(range);
    else report(`Skipped an entry of spec.loadBalancerSourceRanges: "${text}" is not a CIDR`);
  }
  const own = ranges.filter((range) => familyOf(range) === family);
  const isRestricted = ranges.some((range) => !range.endsWith("/0"));
  return isRestricted && !own.some((range) => range.endsWith("/0")) ? own : "any";
}
