import fc from "fast-check";

/**
 * API objects as JSON has them, with all that weir uses and some of what it does not, any of which may be absent.
 *
 * They are valid in their types, not in their values: ports may be out of range, policies unknown.
 */

const text = fc.oneof(
  fc.constantFrom("", "a", "http", "node-1", "10.0.0.1", "fd00::1", "x".repeat(200)),
  fc.string({ unit: "binary" }).map((text) => text.toWellFormed()),
);
const filled = text.filter((text) => text !== "");
const number = fc.oneof(
  { weight: 5, arbitrary: fc.integer({ min: 1, max: 65535 }) },
  { weight: 1, arbitrary: fc.constantFrom(0, -1, 65536, 2 ** 31 - 1, -(2 ** 31)) },
);
const time = fc.integer({ min: -6e10, max: 2.5e11 }).filter((seconds) => seconds !== 0)
  .map((seconds) => new Date(seconds * 1000).toISOString().replace(".000Z", "Z"));
const key = fc.oneof(
  filled.filter((key) => key !== "__proto__"),
  fc.constantFrom(
    "kubernetes.io/service-name",
    "endpoints.kubernetes.io/last-change-trigger-time",
  ),
);
const map = fc.dictionary(key, text, { maxKeys: 4 });

/** An object any of whose fields may be absent, except those in `required`. */
function some(
  fields: Readonly<Record<string, fc.Arbitrary<unknown>>>,
  required: string[] = [],
): fc.Arbitrary<object> {
  return fc.record(fields, { requiredKeys: required });
}

const metadata = some({
  name: filled,
  namespace: text,
  uid: text,
  resourceVersion: text,
  generation: number,
  creationTimestamp: time,
  deletionTimestamp: time,
  labels: map,
  annotations: map,
  finalizers: fc.array(text),
  managedFields: fc.array(some({ manager: text, operation: text, time })),
}, ["name"]);

const protocol = fc.oneof(
  { weight: 9, arbitrary: fc.constantFrom("TCP", "UDP", "SCTP", "") },
  { weight: 1, arbitrary: text },
);
const addresses = fc.array(text, { maxLength: 3 });
const policy = fc.constantFrom("", "Local", "Cluster", "Other");

const service = some({
  metadata,
  spec: some({
    type: text,
    clusterIP: text,
    clusterIPs: addresses,
    ipFamilies: fc.array(fc.oneof(
      { weight: 9, arbitrary: fc.constantFrom("IPv4", "IPv6") },
      { weight: 1, arbitrary: text },
    )),
    ports: fc.array(
      some({
        name: text,
        protocol,
        port: number,
        nodePort: number,
        appProtocol: text,
        targetPort: some({ type: number, intVal: number, strVal: text }),
      }),
      { maxLength: 3 },
    ),
    selector: map,
    externalIPs: addresses,
    loadBalancerSourceRanges: addresses,
    sessionAffinity: fc.constantFrom("", "None", "ClientIP", "Other"),
    sessionAffinityConfig: some({ clientIP: some({ timeoutSeconds: number }) }),
    internalTrafficPolicy: policy,
    externalTrafficPolicy: policy,
    healthCheckNodePort: number,
    publishNotReadyAddresses: fc.boolean(),
    trafficDistribution: text,
  }),
  status: some({
    loadBalancer: some({
      ingress: fc.array(some({ ip: text, hostname: text, ipMode: text }), { maxLength: 3 }),
    }),
  }),
}, ["metadata"]);

const hint = fc.array(some({ name: text }), { maxLength: 3 });
const slice = some({
  metadata,
  addressType: text,
  ports: fc.array(some({ name: text, protocol, port: number, appProtocol: text }), {
    maxLength: 3,
  }),
  endpoints: fc.array(
    some({
      addresses: fc.array(filled, { maxLength: 3 }),
      conditions: some({
        ready: fc.boolean(),
        serving: fc.boolean(),
        terminating: fc.boolean(),
      }),
      hostname: text,
      targetRef: some({ kind: text, namespace: text, name: text }),
      nodeName: text,
      zone: text,
      hints: some({ forZones: hint, forNodes: hint }),
    }),
    { maxLength: 5 },
  ),
}, ["metadata"]);

const node = some({
  metadata,
  spec: some({
    podCIDR: text,
    podCIDRs: addresses,
    unschedulable: fc.boolean(),
    taints: fc.array(some({ key: text, value: text, effect: text })),
  }),
  status: some({
    addresses: fc.array(some({
      type: fc.constantFrom("InternalIP", "ExternalIP", "Hostname", ""),
      address: text,
    })),
  }),
}, ["metadata"]);

const serviceCIDR = some({ metadata, spec: some({ cidrs: addresses }) }, ["metadata"]);

/** Objects by their kind. */
export const OBJECTS_OF_KIND = {
  Service: service,
  EndpointSlice: slice,
  Node: node,
  ServiceCIDR: serviceCIDR,
} as const;
