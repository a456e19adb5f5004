import fc from "fast-check";
import type { ClusterObject, EndpointObject, Kind, ObjectKey } from "../../model/objects.ts";
import { keyOf } from "../../model/objects.ts";
import { endpoint, service, slice } from "./objects.ts";

/** One change of a cluster. */
export type Step =
  | { readonly do: "upsert"; readonly object: ClusterObject }
  | { readonly do: "remove"; readonly kind: Kind; readonly key: ObjectKey };

const NAMES = ["a", "b", "c", "d"];
const PORTS = ["", "http", "dns"];

/**
 * Clusters of a few Services that get into each other's way: few names, addresses and ports, both families, all
 * protocols, policies, conditions and hints, and now and then a value that is no address.
 */
export function arbitraryCluster(): fc.Arbitrary<readonly ClusterObject[]> {
  return fc.array(fc.oneof(arbitraryService(), arbitrarySlice()), { maxLength: 16 }).map((
    objects,
  ) => [
    ...new Map(objects.map((object) => [object.kind + keyOf(object), object])).values(),
  ]);
}

/** Histories of such a cluster. */
export function arbitraryHistory(): fc.Arbitrary<readonly Step[]> {
  const object = fc.oneof(arbitraryService(), arbitrarySlice());
  const upsert = object.map((one): Step => ({ do: "upsert", object: one }));
  const remove = object.map((one): Step => ({ do: "remove", kind: one.kind, key: keyOf(one) }));
  return fc.array(fc.oneof({ weight: 3, arbitrary: upsert }, { weight: 1, arbitrary: remove }), {
    maxLength: 30,
  });
}

function arbitraryService(): fc.Arbitrary<ClusterObject> {
  const policy = fc.constantFrom("Cluster", "Local");
  const externals = fc.uniqueArray(
    fc.constantFrom("192.0.2.1", "192.0.2.2", "2001:db8::1", "nonsense"),
    { maxLength: 3 },
  );
  return fc.record({
    name: fc.constantFrom(...NAMES),
    age: fc.integer({ min: 1, max: 3 }),
    clusterIP: fc.constantFrom("10.96.0.1", "10.96.0.2", "10.96.0.003", "None", "fd00:96::1"),
    type: fc.constantFrom("ClusterIP", "NodePort", "LoadBalancer"),
    ports: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom(...PORTS),
        protocol: fc.constantFrom("TCP", "UDP", "SCTP"),
        port: fc.constantFrom(80, 443, 53),
        nodePort: fc.constantFrom(0, 0, 30080, 30081),
      }),
      { maxLength: 3, selector: (port) => port.name },
    ),
    externalIPs: externals,
    ingress: fc.array(
      fc.record({
        ip: fc.constantFrom("192.0.2.1", "192.0.2.9"),
        ipMode: fc.constantFrom("VIP", "Proxy"),
      }),
      { maxLength: 2 },
    ),
    loadBalancerSourceRanges: fc.subarray(
      [
        "10.0.0.0/8",
        "10.1.0.0/16",
        "192.0.2.0/24",
        "2001:db8::/32",
        "0.0.0.0/0",
        " 203.0.113.7/32",
      ],
      { maxLength: 3 },
    ),
    sessionAffinity: fc.constantFrom("None", "None", "ClientIP"),
    affinitySeconds: fc.constantFrom(10, 10800),
    internalTrafficPolicy: policy,
    externalTrafficPolicy: policy,
  }).map(({ name, age, ...fields }) =>
    service(name, {
      ...fields as Parameters<typeof service>[1],
      creationTimestamp: `2026-01-0${age}T00:00:00Z`,
    })
  );
}

function arbitrarySlice(): fc.Arbitrary<ClusterObject> {
  return fc.record({
    owner: fc.constantFrom(...NAMES),
    suffix: fc.constantFrom("1", "2"),
    family: fc.constantFrom("IPv4", "IPv4", "IPv6"),
    ports: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom(...PORTS),
        protocol: fc.constantFrom("TCP", "UDP", "SCTP"),
        port: fc.constantFrom(8080, 9090),
      }),
      { maxLength: 3, selector: (port) => port.name },
    ),
    hosts: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 8 }),
    conditions: fc.array(arbitraryConditions(), { minLength: 8, maxLength: 8 }),
  }).map(({ owner, suffix, family, ports, hosts, conditions }) =>
    slice(
      owner,
      hosts.map((host, index) =>
        endpoint(family === "IPv6" ? `fd00:244::${host}` : `10.244.0.${host}`, conditions[index])
      ),
      {
        name: `${owner}-${family}-${suffix}`,
        addressType: family,
        ports: ports as Parameters<typeof slice>[2] extends { ports?: infer P } ? P : never,
      },
    )
  );
}

function arbitraryConditions(): fc.Arbitrary<Partial<EndpointObject>> {
  return fc.record({
    ready: fc.boolean(),
    serving: fc.boolean(),
    terminating: fc.boolean(),
    nodeName: fc.constantFrom("node-a", "node-b", ""),
    zoneHints: fc.subarray(["zone-a", "zone-b"]),
  });
}
