import assert from "node:assert/strict";
import { FAMILIES, type Family, type Protocol, PROTOCOLS } from "../../../model/family.ts";
import type { ClusterObject } from "../../../model/objects.ts";
import type { Origin } from "../../../model/policy.ts";
import type { Settings } from "../../../model/settings.ts";
import type { Packet } from "../../../backends/memory/evaluate.ts";
import { endpoint, service, settings, slice } from "../../support/objects.ts";
import { stateOf } from "../../support/state.ts";
import { nodeOf, packetFrom, PLACES, programmed, summary } from "./_node.ts";

/** A frontend of the Service of {@linkcode cluster} with this number, or any other address. */
type Target =
  | `${"clusterIP" | "externalIP" | "loadBalancerIP" | "nodePort"} ${number}`
  | `node ${number}`
  | `secondary ${number}`
  | `loopback ${number}`
  | "unused cluster IP"
  | "endpoint here";

/** `cluster` is all endpoints, `local` the one on this node; `cluster hairpin` masquerades that one only. */
type Want =
  | `${"cluster" | "local"}${"" | " masqueraded"}`
  | "cluster hairpin"
  | "drop"
  | "reject"
  | "untouched";

interface Row {
  readonly name: string;
  readonly to: readonly Target[];
  /** What becomes of what a pod, the node, and somebody outside send. */
  readonly want: readonly [pod: Want, host: Want, outside: Want];
  /** The port, where it is not the Service's. */
  readonly port?: number;
  readonly protocols?: readonly Packet["protocol"][];
  readonly source?: (family: Family) => string;
  readonly given?: Partial<Settings>;
}

const NUMBERS = {
  both: 1,
  bothLocal: 2,
  remoteLocal: 3,
  empty: 4,
  emptyLocal: 5,
  tcpOnly: 6,
  ranges: 7,
  rangesEmpty: 8,
  rangesNode: 9,
} as const;

const LOCAL = { internalTrafficPolicy: "Local", externalTrafficPolicy: "Local" } as const;

const ENDPOINTS = {
  IPv4: { here: "10.244.1.5", there: "10.244.2.7" },
  IPv6: { here: "fd00:244::1:5", there: "fd00:244::2:7" },
} as const;

const ADDRESSES = {
  IPv4: {
    clusterIP: "10.96.0.",
    externalIP: "198.51.100.1",
    loadBalancerIP: "198.51.100.2",
    unused: "10.96.9.9",
  },
  IPv6: {
    clusterIP: "fd00:96::",
    externalIP: "2001:db8:1::1",
    loadBalancerIP: "2001:db8:1::2",
    unused: "fd00:96::99",
  },
} as const;

/** Services that are offered in every way, over all protocols. */
function cluster(family: Family): readonly ClusterObject[] {
  const { here, there } = ENDPOINTS[family];
  const local = endpoint(here, { nodeName: "node-a" });
  const offer = (
    number: number,
    endpoints: Parameters<typeof slice>[1],
    changes: Parameters<typeof service>[1] = {},
    protocols: readonly Protocol[] = PROTOCOLS,
  ) => {
    const ports = protocols.map((protocol) => ({ name: protocol.toLowerCase(), protocol }));
    const { clusterIP, externalIP, loadBalancerIP } = ADDRESSES[family];
    return [
      service(`s${number}`, {
        clusterIP: `${clusterIP}${number}`,
        type: "LoadBalancer",
        externalIPs: [`${externalIP}${number}`],
        ingress: [{ ip: `${loadBalancerIP}${number}`, ipMode: "VIP" }],
        ports: ports.map((port) => ({ ...port, nodePort: 30000 + number })),
        ...changes,
      }),
      slice(`s${number}`, endpoints, { ports: ports.map((port) => ({ ...port, port: 8080 })) }),
    ];
  };
  const outside = family === "IPv4" ? "203.0.113.0/24" : "2001:db8:5::/64";
  const node = family === "IPv4" ? "192.0.2.0/24" : "2001:db8::/64";
  return [
    ...offer(NUMBERS.both, [local, there]),
    ...offer(NUMBERS.bothLocal, [local, there], LOCAL),
    ...offer(NUMBERS.remoteLocal, [there], LOCAL),
    ...offer(NUMBERS.empty, []),
    ...offer(NUMBERS.emptyLocal, [], LOCAL),
    ...offer(NUMBERS.tcpOnly, [local, there], {}, ["TCP"]),
    ...offer(NUMBERS.ranges, [local, there], { loadBalancerSourceRanges: [outside] }),
    ...offer(NUMBERS.rangesEmpty, [], { loadBalancerSourceRanges: [outside] }),
    ...offer(NUMBERS.rangesNode, [local, there], { loadBalancerSourceRanges: [outside, node] }),
  ];
}

function external(number: number): readonly Target[] {
  return [`externalIP ${number}`, `loadBalancerIP ${number}`, `nodePort ${number}`];
}

const C = "cluster";
const C_SNAT = "cluster masqueraded";
const L = "local";
const L_SNAT = "local masqueraded";

/** BEHAVIOUR §6.5: defined ports. */
const DEFINED: readonly Row[] = [
  { name: "a cluster IP", to: ["clusterIP 1"], want: [C, C_SNAT, C_SNAT] },
  { name: "internal policy Local", to: ["clusterIP 2"], want: [L, L_SNAT, L_SNAT] },
  {
    name: "internal policy Local with endpoints elsewhere only",
    to: ["clusterIP 3"],
    want: ["drop", "drop", "drop"],
  },
  {
    name: "no endpoints, whatever the policy",
    to: ["clusterIP 4", "clusterIP 5", ...external(4), ...external(5)],
    want: ["reject", "reject", "reject"],
  },
  { name: "external policy Cluster", to: external(1), want: [C_SNAT, C_SNAT, C_SNAT] },
  { name: "external policy Local", to: external(2), want: [C, C_SNAT, L] },
  {
    name: "with masqueradeAll, a cluster IP",
    given: { masqueradeAll: true },
    to: ["clusterIP 1"],
    want: [C_SNAT, C_SNAT, C_SNAT],
  },
  {
    name: "with masqueradeAll, internal policy Local",
    given: { masqueradeAll: true },
    to: ["clusterIP 2"],
    want: [L_SNAT, L_SNAT, L_SNAT],
  },
  {
    name: "with masqueradeAll, external policy Local",
    given: { masqueradeAll: true },
    to: external(2),
    want: [C, C_SNAT, L],
  },
  {
    name: "without detector, a cluster IP",
    given: { detector: undefined },
    to: ["clusterIP 1"],
    want: [C, C, C],
  },
  {
    name: "without detector but with masqueradeAll, a cluster IP",
    given: { detector: undefined, masqueradeAll: true },
    to: ["clusterIP 1"],
    want: [C_SNAT, C_SNAT, C_SNAT],
  },
  {
    name: "without detector, external policy Cluster",
    given: { detector: undefined },
    to: external(1),
    want: [C_SNAT, C_SNAT, C_SNAT],
  },
  {
    name: "without detector pods are like others under external policy Local",
    given: { detector: undefined },
    to: external(2),
    want: [L, C_SNAT, L],
  },
  {
    name: "without detector, external policy Local with endpoints elsewhere only",
    given: { detector: undefined },
    to: external(3),
    want: ["drop", C_SNAT, "drop"],
  },
  {
    name: "pods known by their interface, a cluster IP",
    given: { detector: { by: "interface", name: "pod-b" } },
    to: ["clusterIP 1"],
    want: [C, C_SNAT, C_SNAT],
  },
  {
    name: "pods known by an interface prefix, a cluster IP",
    given: { detector: { by: "interface-prefix", prefix: "pod" } },
    to: ["clusterIP 1"],
    want: [C, C_SNAT, C_SNAT],
  },
  {
    name: "pods known by an interface prefix, external policy Local",
    given: { detector: { by: "interface-prefix", prefix: "pod" } },
    to: external(2),
    want: [C, C_SNAT, L],
  },
  {
    name: "another interface's pods are none",
    given: { detector: { by: "interface", name: "pod" } },
    to: ["clusterIP 1"],
    want: [C_SNAT, C_SNAT, C_SNAT],
  },
  {
    name: "the highest mark bit",
    given: { masqueradeBit: 31 },
    to: external(1),
    want: [C_SNAT, C_SNAT, C_SNAT],
  },
];

/** BEHAVIOUR §6.5: load balancer source ranges. */
const RANGES: readonly Row[] = [
  {
    name: "source ranges keep everybody else out",
    to: ["loadBalancerIP 7"],
    want: ["drop", "drop", C_SNAT],
  },
  {
    name: "source ranges concern load balancer IPs only",
    to: ["externalIP 7", "nodePort 7"],
    want: [C_SNAT, C_SNAT, C_SNAT],
  },
  {
    name: "source ranges do not concern cluster IPs",
    to: ["clusterIP 7"],
    want: [C, C_SNAT, C_SNAT],
  },
  {
    name: "source ranges come before the rejection for want of endpoints",
    to: ["loadBalancerIP 8"],
    want: ["drop", "drop", "reject"],
  },
  {
    name: "a source range that names the node admits it",
    to: ["loadBalancerIP 9"],
    want: ["drop", C_SNAT, C_SNAT],
  },
  {
    name: "a source range that names the node admits the load balancer's own address",
    to: ["loadBalancerIP 9"],
    source: (family) => `${ADDRESSES[family].loadBalancerIP}9`,
    want: [C_SNAT, C_SNAT, C_SNAT],
  },
  {
    name: "source ranges that do not name the node keep the load balancer's own address out",
    to: ["loadBalancerIP 7"],
    source: (family) => `${ADDRESSES[family].loadBalancerIP}7`,
    want: ["drop", "drop", "drop"],
  },
];

const UNTOUCHED: Row["want"] = ["untouched", "untouched", "untouched"];
const REJECTED: Row["want"] = ["reject", "reject", "reject"];
const DROPPED: Row["want"] = ["drop", "drop", "drop"];

/** BEHAVIOUR §6.6: everything else. */
const UNDEFINED: readonly Row[] = [
  { name: "a port that a cluster IP does not have", to: ["clusterIP 1"], port: 81, want: REJECTED },
  {
    name: "a port that a cluster IP without endpoints does not have",
    to: ["clusterIP 4"],
    port: 81,
    want: REJECTED,
  },
  {
    name: "a protocol that a cluster IP does not have",
    to: ["clusterIP 6"],
    protocols: ["UDP", "SCTP"],
    want: REJECTED,
  },
  { name: "ping to a cluster IP", to: ["clusterIP 1"], protocols: ["ICMP"], want: REJECTED },
  { name: "a cluster IP that no Service has", to: ["unused cluster IP"], want: DROPPED },
  {
    name: "ping to a cluster IP that no Service has",
    to: ["unused cluster IP"],
    protocols: ["ICMP"],
    want: DROPPED,
  },
  {
    name: "a cluster IP that no Service has, while no ServiceCIDR is known",
    given: { serviceCIDRs: [] },
    to: ["unused cluster IP"],
    want: UNTOUCHED,
  },
  {
    name: "a port that an external address does not have",
    to: ["externalIP 1", "loadBalancerIP 1"],
    port: 81,
    want: UNTOUCHED,
  },
  {
    name: "ping to an external address",
    to: ["externalIP 1", "loadBalancerIP 1"],
    protocols: ["ICMP"],
    want: UNTOUCHED,
  },
  { name: "a port of the node that is no node port", to: ["node 22"], want: UNTOUCHED },
  {
    name: "a node port over another protocol",
    to: ["nodePort 6"],
    protocols: ["UDP", "SCTP", "ICMP"],
    want: UNTOUCHED,
  },
  {
    name: "a node port on an address that is not offered",
    to: ["secondary 30001", "secondary 30004"],
    want: UNTOUCHED,
  },
  {
    name: "a node port on any address",
    given: { nodePortAddresses: "any" },
    to: ["node 30001", "secondary 30001"],
    want: [C_SNAT, C_SNAT, C_SNAT],
  },
  {
    name: "a node port without endpoints on any address",
    given: { nodePortAddresses: "any" },
    to: ["node 30004", "secondary 30004"],
    want: REJECTED,
  },
  {
    name: "a node port on no address",
    given: { nodePortAddresses: [] },
    to: ["node 30001", "node 30004"],
    want: UNTOUCHED,
  },
  { name: "an endpoint itself", to: ["endpoint here"], port: 8080, want: UNTOUCHED },
];

/** BEHAVIOUR §6.5 ¹ and §6.8: connections of endpoints to themselves. */
const HAIRPINS: readonly Row[] = [
  {
    name: "an endpoint that may get itself is masqueraded then",
    to: ["clusterIP 1"],
    source: (family) => ENDPOINTS[family].here,
    want: ["cluster hairpin", "cluster hairpin", "cluster hairpin"],
  },
  {
    name: "an endpoint that gets itself",
    to: ["clusterIP 2"],
    source: (family) => ENDPOINTS[family].here,
    want: [L_SNAT, L_SNAT, L_SNAT],
  },
  {
    name: "an endpoint that gets itself by an external address",
    to: external(2),
    source: (family) => ENDPOINTS[family].here,
    want: [
      "cluster hairpin",
      "cluster hairpin",
      "cluster hairpin",
    ],
  },
  {
    name: "an endpoint elsewhere that gets itself comes as itself: its own node deals with it",
    to: external(3),
    source: (family) => ENDPOINTS[family].there,
    want: [C, C, C],
  },
];

function addressOf(family: Family, target: Target): string {
  if (target === "unused cluster IP") return ADDRESSES[family].unused;
  if (target === "endpoint here") return ENDPOINTS[family].here;
  const [kind, number] = target.split(" ") as [keyof typeof PLACES.IPv4, string];
  if (kind in ADDRESSES[family]) {
    return ADDRESSES[family][kind as unknown as "clusterIP"] + number;
  }
  return PLACES[family][target.startsWith("nodePort") ? "node" : kind];
}

function portOf(target: Target): number {
  const number = Number(target.split(" ")[1] ?? NaN);
  if (target.startsWith("nodePort")) return 30000 + number;
  return number > 10 ? number : 80;
}

/** Spells {@linkcode Want} as `summary` does. */
function spelled(family: Family, to: Target, want: Want): string {
  const { here, there } = ENDPOINTS[family];
  const [list = "", how = ""] = want.split(" ");
  if (list !== "cluster" && list !== "local") return want;
  const onlyRemote = to.endsWith(` ${NUMBERS.remoteLocal}`);
  const endpoints = list === "local" ? [here] : onlyRemote ? [there] : [here, there];
  return endpoints.map((one) =>
    how === "masqueraded" || (how === "hairpin" && one === here) ? `${one} masqueraded` : one
  ).join(", ");
}

async function check(family: Family, row: Row): Promise<readonly string[]> {
  const given = settings({ ...row.given }, family);
  const nft = await programmed(stateOf(cluster(family), { family, settings: given }));
  const wrong: string[] = [];
  for (const to of row.to) {
    for (const protocol of row.protocols ?? PROTOCOLS) {
      for (const [index, origin] of (["pod", "host", "outside"] as const).entries()) {
        const port = protocol === "ICMP" ? 0 : row.port ?? portOf(to);
        const target = { protocol, destination: addressOf(family, to), port };
        const packet = packetFrom(origin, target, row.source?.(family));
        const got = summary(nft.evaluate(packet, nodeOf(family)));
        const want = spelled(family, to, row.want[index] ?? "drop");
        if (got !== want) wrong.push(`${protocol} ${origin} → ${to}: want ${want}, got ${got}`);
      }
    }
  }
  return wrong;
}

for (const family of FAMILIES) {
  for (const row of [...DEFINED, ...RANGES, ...UNDEFINED, ...HAIRPINS]) {
    Deno.test(`${family}: ${row.name}`, async () => {
      assert.deepEqual(await check(family, row), []);
    });
  }

  Deno.test(`${family}: a node port does not answer on loopback`, async () => {
    for (const nodePortAddresses of ["any", settings({}, family).nodePortAddresses] as const) {
      const given = settings({ nodePortAddresses }, family);
      const nft = await programmed(stateOf(cluster(family), { family, settings: given }));
      for (const port of [30001, 30004]) {
        const destination = PLACES[family].loopback;
        const packet = packetFrom("host", { protocol: "TCP", destination, port }, destination);
        assert.equal(nft.evaluate(packet, nodeOf(family)).verdict, "untouched");
      }
    }
  });
}

Deno.test("Every endpoint is equally likely, and has a path of its own", async () => {
  const here = ["10.244.1.1", "10.244.1.2", "10.244.1.3", "10.244.1.4", "10.244.1.5"];
  const nft = await programmed(stateOf([service("web"), slice("web", here)]));
  const packet = packetFrom("pod", { protocol: "TCP", destination: "10.96.0.10", port: 80 });
  const { paths } = nft.evaluate(packet, nodeOf("IPv4"));
  assert.deepEqual(paths.map(({ destination, port }) => `${destination}:${port}`).sort(), [
    ...here.map((address) => `${address}:8080`),
  ]);
  assert.deepEqual(paths.map(({ probability }) => probability), [0.2, 0.2, 0.2, 0.2, 0.2]);
});

Deno.test("A path names the rules that applied and what they found, in order", async () => {
  const nft = await programmed(stateOf([service("web"), slice("web", ["10.244.1.5"])]));
  const packet = packetFrom("outside", { protocol: "TCP", destination: "10.96.0.10", port: 80 });
  const [path] = nft.evaluate(packet, nodeOf("IPv4")).paths;
  const steps = path?.steps.filter(({ rule }) => !/^(ct state new )?jump /.test(rule));
  assert.deepEqual(
    steps?.map(({ hook, chain, rule, elements }) => [hook, chain, rule, ...elements]),
    [
      [
        "prerouting",
        "services",
        "ip daddr @cluster-ips ip saddr != 10.244.0.0/16 meta mark set meta mark | 0x00004000",
        "10.96.0.10",
      ],
      [
        "prerouting",
        "services",
        "ip daddr . meta l4proto . th dport vmap @service-ips",
        '10.96.0.10 . tcp . 80 comment "default/web" : goto tcp-lb-1',
      ],
      [
        "prerouting",
        "tcp-lb-1",
        "dnat ip to ip daddr . tcp dport . numgen random mod 1 map @tcp-endpoints",
        "10.96.0.10 . 80 . 0 : 10.244.1.5 . 8080",
      ],
      ["postrouting", "nat-postrouting", "ct status dnat jump learning"],
      [
        "postrouting",
        "masquerading",
        "meta mark & 0x00004000 == 0x00004000 meta mark set meta mark ^ 0x00004000 masquerade fully-random",
      ],
    ],
  );
});

/** Where a packet that is not let through ends: BEHAVIOUR §6.8. */
const ENDS: readonly { name: string; from: Origin; to: string; port: number; hook: string }[] = [
  {
    name: "a node port without endpoints, from outside",
    from: "outside",
    to: "192.0.2.10",
    port: 30004,
    hook: "input",
  },
  {
    name: "a node port without endpoints, from the node",
    from: "host",
    to: "192.0.2.10",
    port: 30004,
    hook: "input",
  },
  {
    name: "a cluster IP without endpoints, from a pod",
    from: "pod",
    to: "10.96.0.4",
    port: 80,
    hook: "forward",
  },
  {
    name: "a cluster IP without endpoints, from the node",
    from: "host",
    to: "10.96.0.4",
    port: 80,
    hook: "output",
  },
  {
    name: "a load balancer IP with source ranges, from a pod",
    from: "pod",
    to: "198.51.100.27",
    port: 80,
    hook: "prerouting",
  },
];

for (const { name, from, to, port, hook } of ENDS) {
  Deno.test(`A packet that is not let through ends in ${hook}: ${name}`, async () => {
    const nft = await programmed(stateOf(cluster("IPv4")));
    const packet = packetFrom(from, { protocol: "TCP", destination: to, port });
    const [path] = nft.evaluate(packet, nodeOf("IPv4")).paths;
    assert.equal(path?.steps.at(-1)?.hook, hook);
  });
}

Deno.test("A load balancer IP that the node holds itself is rejected for want of endpoints in input", async () => {
  const nft = await programmed(stateOf(cluster("IPv4")));
  const destination = `${ADDRESSES.IPv4.loadBalancerIP}4`;
  const packet = packetFrom("outside", { protocol: "TCP", destination, port: 80 });
  const { verdict, paths } = nft.evaluate(packet, { localAddresses: [destination] });
  assert.deepEqual([verdict, paths[0]?.steps.at(-1)?.hook], ["reject", "input"]);
});

Deno.test("A cluster IP leads to its own Service's endpoints, also when an older one has it as its external IP", async () => {
  for (const family of FAMILIES) {
    const [claimed, other] = family === "IPv4"
      ? ["10.96.0.12", "10.96.0.20"]
      : ["fd00:96::12", "fd00:96::20"];
    const { here, there } = ENDPOINTS[family];
    const old = service("a-old", { clusterIP: other, externalIPs: [claimed] });
    const young = service("z-young", {
      clusterIP: claimed,
      creationTimestamp: "2026-02-01T00:00:00Z",
    });
    const objects = [old, slice("a-old", [there]), young];
    const packet = packetFrom("pod", { protocol: "TCP", destination: claimed, port: 80 });
    const fate = async (...more: readonly ClusterObject[]) => {
      const nft = await programmed(stateOf([...objects, ...more], { family }));
      return summary(nft.evaluate(packet, nodeOf(family)));
    };
    assert.equal(await fate(slice("z-young", [here])), here);
    assert.equal(await fate(), "reject", "it has no endpoints, and lends its address to nobody");
  }
});
