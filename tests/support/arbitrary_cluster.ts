import fc from "fast-check";
import type { Family } from "../../model/family.ts";
import type { ClusterObject, EndpointObject, Kind, ObjectKey } from "../../model/objects.ts";
import { keyOf } from "../../model/objects.ts";
import type { Settings } from "../../model/settings.ts";
import { endpoint, service, slice } from "./objects.ts";

/** One change of a cluster. */
export type Step =
  | { readonly do: "upsert"; readonly object: ClusterObject }
  | { readonly do: "remove"; readonly kind: Kind; readonly key: ObjectKey };

const NAMES = ["a", "b", "c"];

/** Names and protocols of ports: few, so that Services and slices often have the same ones, and not always. */
const PORTS = [
  { name: "", protocol: "TCP" },
  { name: "", protocol: "TCP" },
  { name: "dns", protocol: "UDP" },
  { name: "dns", protocol: "UDP" },
  { name: "dns", protocol: "SCTP" },
  { name: "http", protocol: "TCP" },
] as const;

/**
 * Clusters of a few Services that get into each other's way: few names, addresses and ports, both families, all
 * protocols, policies, conditions and hints, and now and then a value that is no address.
 */
export function arbitraryCluster(): fc.Arbitrary<readonly ClusterObject[]> {
  const object = fc.oneof(arbitraryService(), arbitrarySlice());
  return fc.array(object, { maxLength: 16, size: "max" }).map((objects) => [
    ...new Map(objects.map((object) => [object.kind + keyOf(object), object])).values(),
  ]);
}

/** Histories of such a cluster. */
export function arbitraryHistory(): fc.Arbitrary<readonly Step[]> {
  return fc.array(arbitraryStep(), LENGTH);
}

/** As long as it may be, more often than fast-check would make it by itself: little happens in three steps. */
const LENGTH = { maxLength: 30, size: "max" } as const;

function arbitraryStep(): fc.Arbitrary<Step> {
  const object = fc.oneof(arbitraryService(), arbitrarySlice());
  const upsert = object.map((one): Step => ({ do: "upsert", object: one }));
  const remove = object.map((one): Step => ({ do: "remove", kind: one.kind, key: keyOf(one) }));
  return fc.oneof({ weight: 4, arbitrary: upsert }, { weight: 1, arbitrary: remove });
}

/** One change of a cluster, or of what is known about the node: all of it, for each family. */
export type Moment =
  | Step
  | { readonly do: "move"; readonly node: Readonly<Record<Family, Partial<Settings>>> };

/** Histories of such a cluster in which addresses of the node, ServiceCIDRs, the zone and options change too. */
export function arbitraryLife(): fc.Arbitrary<readonly Moment[]> {
  const move = arbitraryNode().map((node): Moment => ({ do: "move", node }));
  const moment = fc.oneof(
    { weight: 5, arbitrary: arbitraryStep() },
    { weight: 2, arbitrary: move },
  );
  return fc.array(moment, LENGTH);
}

const NODE_ADDRESSES = {
  IPv4: ["192.0.2.10", "192.0.2.11"],
  IPv6: ["2001:db8::10", "2001:db8::11"],
} as const;

/** Ranges of cluster IPs, also some that border on, or lie in, others: the kernel keeps them as intervals. */
const SERVICE_CIDRS = [
  { IPv4: [], IPv6: [] },
  { IPv4: ["10.96.0.0/12"], IPv6: ["fd00:96::/108"] },
  { IPv4: ["10.96.0.0/16"], IPv6: ["fd00:96::/112"] },
  { IPv4: ["10.96.0.0/12", "10.112.0.0/12"], IPv6: ["fd00:96::/108", "fd00:96::10:0/108"] },
  { IPv4: ["10.96.0.0/16", "172.30.0.0/16"], IPv6: ["fd00:96::/112", "fd00:97::/108"] },
] as const;

function arbitraryNode(): fc.Arbitrary<Readonly<Record<Family, Partial<Settings>>>> {
  return fc.record({
    zone: fc.constantFrom("", "zone-a", "zone-b"),
    isKnown: fc.boolean(),
    local: fc.constantFrom(0, 1, 2),
    nodePorts: fc.constantFrom(0, 1, 2, "any" as const),
    cidrs: fc.constantFrom(...SERVICE_CIDRS),
    masqueradeAll: fc.constantFrom(false, false, false, true),
    hasDetector: fc.constantFrom(true, true, true, false),
  }).map(({ zone, isKnown, local, nodePorts, cidrs, masqueradeAll, hasDetector }) => {
    const of = (family: Family): Partial<Settings> => {
      const addresses = NODE_ADDRESSES[family];
      return {
        zone,
        nodeAddress: isKnown ? addresses[0] : undefined,
        localAddresses: addresses.slice(0, local),
        nodePortAddresses: nodePorts === "any" ? nodePorts : addresses.slice(0, nodePorts),
        serviceCIDRs: cidrs[family],
        masqueradeAll,
        ...(hasDetector ? {} : { detector: undefined }),
      };
    };
    return { IPv4: of("IPv4"), IPv6: of("IPv6") };
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
        port: fc.constantFrom(80, 443, 53),
        nodePort: fc.constantFrom(0, 0, 30080, 30081),
        kind: fc.constantFrom(...PORTS),
      }).map(({ kind, ...numbers }) => ({ ...kind, ...numbers })),
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
      fc.record({ kind: fc.constantFrom(...PORTS), port: fc.constantFrom(8080, 9090) })
        .map(({ kind, port }) => ({ ...kind, port })),
      { minLength: 1, maxLength: 3, selector: (port) => port.name },
    ),
    hosts: fc.uniqueArray(fc.integer({ min: 1, max: 12 }), { maxLength: 8, size: "max" }),
    conditions: fc.array(arbitraryConditions(), { minLength: 8, maxLength: 8 }),
  }).map(({ owner, suffix, family, ports, hosts, conditions }) =>
    slice(
      owner,
      hosts.map((host, index) =>
        endpoint(family === "IPv6" ? `fd00:244::${host}` : `10.244.0.${host}`, {
          ...conditions[index],
          nodeName: HOMES[host % HOMES.length]!,
        })
      ),
      {
        name: `${owner}-${family}-${suffix}`,
        addressType: family,
        ports: ports as Parameters<typeof slice>[2] extends { ports?: infer P } ? P : never,
      },
    )
  );
}

/** Where endpoints run, by the last part of their address: one address is on one node. */
const HOMES = ["node-a", "node-b", ""];

function arbitraryConditions(): fc.Arbitrary<Partial<EndpointObject>> {
  return fc.record({
    ready: fc.boolean(),
    serving: fc.boolean(),
    terminating: fc.boolean(),
    zoneHints: fc.subarray(["zone-a", "zone-b"]),
  });
}
