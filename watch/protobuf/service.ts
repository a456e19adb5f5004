import type { IngressDraft, ServiceDraft, ServicePortDraft } from "../drafts.ts";
import { METADATA, type Metadata } from "./metadata.ts";
import { messageFields } from "./wire_reader.ts";

/** What is read of a Service. */
export interface ServiceReading extends ServiceDraft {
  readonly metadata: Metadata;
  readonly clusterIPs: string[];
  readonly ipFamilies: string[];
  readonly ports: ServicePortDraft[];
  readonly externalIPs: string[];
  readonly ingress: IngressDraft[];
  readonly loadBalancerSourceRanges: string[];
}

const PORT = messageFields<ServicePortDraft>({
  1: (from, port) => port.name = from.sharedText("name"),
  2: (from, port) => port.protocol = from.sharedText("protocol"),
  3: (from, port) => port.port = from.int32("port"),
  5: (from, port) => port.nodePort = from.int32("nodePort"),
});

const CLIENT_IP_CONFIG = messageFields<ServiceReading>({
  1: (from, service) => service.timeoutSeconds = from.int32("timeoutSeconds"),
});

const AFFINITY_CONFIG = messageFields<ServiceReading>({
  1: (from, service) => from.message("clientIP", service, CLIENT_IP_CONFIG),
});

const SPEC = messageFields<ServiceReading>({
  1: (from, { ports }) => {
    const port = { name: "", protocol: "", port: 0, nodePort: 0 };
    ports.push(from.message("ports", port, PORT, ports.length));
  },
  3: (from, service) => service.clusterIP = from.text("clusterIP"),
  4: (from, service) => service.type = from.sharedText("type"),
  5: (from, service) => service.externalIPs.push(from.text("externalIPs")),
  7: (from, service) => service.sessionAffinity = from.sharedText("sessionAffinity"),
  9: (from, { loadBalancerSourceRanges }) => {
    loadBalancerSourceRanges.push(from.text("loadBalancerSourceRanges"));
  },
  11: (from, service) => service.externalTrafficPolicy = from.sharedText("externalTrafficPolicy"),
  12: (from, service) => service.healthCheckNodePort = from.int32("healthCheckNodePort"),
  14: (from, service) => from.message("sessionAffinityConfig", service, AFFINITY_CONFIG),
  18: (from, service) => service.clusterIPs.push(from.text("clusterIPs")),
  19: (from, service) => service.ipFamilies.push(from.sharedText("ipFamilies")),
  22: (from, service) => service.internalTrafficPolicy = from.sharedText("internalTrafficPolicy"),
});

const INGRESS = messageFields<IngressDraft>({
  1: (from, entry) => entry.ip = from.text("ip"),
  3: (from, entry) => entry.ipMode = from.sharedText("ipMode"),
});

const LOAD_BALANCER = messageFields<ServiceReading>({
  1: (from, { ingress }) => {
    ingress.push(from.message("ingress", { ip: "", ipMode: "" }, INGRESS, ingress.length));
  },
});

const STATUS = messageFields<ServiceReading>({
  1: (from, service) => from.message("loadBalancer", service, LOAD_BALANCER),
});

/** `core/v1` Service. */
export const SERVICE = messageFields<ServiceReading>({
  1: (from, { metadata }) => from.message("metadata", metadata, METADATA),
  2: (from, service) => from.message("spec", service, SPEC),
  3: (from, service) => from.message("status", service, STATUS),
});

/** Returns the reading of a Service of which nothing is read yet. */
export function emptyService(metadata: Metadata): ServiceReading {
  return {
    metadata,
    type: "",
    clusterIP: "",
    clusterIPs: [],
    ipFamilies: [],
    ports: [],
    externalIPs: [],
    ingress: [],
    loadBalancerSourceRanges: [],
    sessionAffinity: "",
    timeoutSeconds: 0,
    internalTrafficPolicy: "",
    externalTrafficPolicy: "",
    healthCheckNodePort: 0,
  };
}
