import assert from "node:assert/strict";
import type { Outcome } from "../../cli/demo/lab.ts";
import { FAMILIES, type Family } from "../../model/family.ts";
import type { ClusterObject, EndpointObject } from "../../model/objects.ts";
import { ADDRESSES, ClusterLab, type Member } from "../support/cluster_lab.ts";
import { kernelTest } from "../support/kernel.ts";
import { endpoint, service, slice } from "../support/objects.ts";
import { unreachables } from "../support/unreachables.ts";

type Policy = "Cluster" | "Local";

/** A Service under test: its policies and its endpoints, with who may be met by cluster-wide and by local traffic. */
interface Scenario {
  readonly internal: Policy;
  readonly external: Policy;
  readonly endpoints: EndpointCase;
}

/** Endpoints of a Service, and the two lists that come of them (BEHAVIOUR: ready ones, or else draining ones). */
interface EndpointCase {
  readonly name: string;
  readonly endpoints: readonly (readonly [Member, Partial<EndpointObject>])[];
  readonly cluster: readonly Member[];
  readonly local: readonly Member[];
}

const HERE = { nodeName: "node-a" };
const DRAINING = { ready: false, serving: true, terminating: true };

const ENDPOINT_CASES: readonly EndpointCase[] = [
  {
    name: "here and elsewhere",
    endpoints: [["pod-a", HERE], ["remote", {}]],
    cluster: ["pod-a", "remote"],
    local: ["pod-a"],
  },
  { name: "elsewhere only", endpoints: [["remote", {}]], cluster: ["remote"], local: [] },
  { name: "none", endpoints: [], cluster: [], local: [] },
  {
    name: "draining here, ready elsewhere",
    endpoints: [["pod-a", { ...HERE, ...DRAINING }], ["remote", {}]],
    cluster: ["remote"],
    local: ["pod-a"],
  },
  {
    name: "draining elsewhere only",
    endpoints: [["remote", DRAINING]],
    cluster: ["remote"],
    local: [],
  },
  {
    name: "neither ready nor draining",
    endpoints: [["pod-a", { ...HERE, ready: false, serving: false }]],
    cluster: [],
    local: [],
  },
];

const SCENARIOS: readonly Scenario[] = (["Cluster", "Local"] as const).flatMap((internal) =>
  (["Cluster", "Local"] as const).flatMap((external) =>
    ENDPOINT_CASES.map((endpoints) => ({ internal, external, endpoints }))
  )
);

const FRONTENDS = ["cluster IP", "external IP", "load balancer IP", "node port"] as const;
type FrontendKind = typeof FRONTENDS[number];

/** Who sends: a pod, the node itself, somebody outside. */
const SENDERS = ["pod-b", "node", "client"] as const;
type Sender = typeof SENDERS[number];

/** The address and port of a scenario's frontend. */
function target(family: Family, index: number, kind: FrontendKind): readonly [string, number] {
  const v6 = family === "IPv6";
  switch (kind) {
    case "cluster IP":
      return [v6 ? `fd00:96::1:${index}` : `10.96.1.${index}`, 80];
    case "external IP":
      return [v6 ? `2001:db8:1::${index}` : `198.51.100.${index}`, 80];
    case "load balancer IP":
      return [v6 ? `2001:db8:2::${index}` : `203.0.113.${index}`, 80];
    case "node port":
      return [ADDRESSES.node[v6 ? 1 : 0], 31_000 + index];
  }
}

function objects(family: Family): readonly ClusterObject[] {
  return SCENARIOS.flatMap(({ internal, external, endpoints }, index) => {
    const name = `s${index}-${family.toLowerCase()}`;
    const address = (kind: FrontendKind) => target(family, index, kind)[0];
    return [
      service(name, {
        clusterIP: address("cluster IP"),
        type: "LoadBalancer",
        externalIPs: [address("external IP")],
        ingress: [{ ip: address("load balancer IP"), ipMode: "VIP" }],
        ports: [{ nodePort: target(family, index, "node port")[1] }],
        internalTrafficPolicy: internal,
        externalTrafficPolicy: external,
      }),
      slice(
        name,
        endpoints.endpoints.map(([member, conditions]) =>
          endpoint(ADDRESSES[member][family === "IPv4" ? 0 : 1], conditions)
        ),
        { addressType: family },
      ),
    ];
  });
}

/** What BEHAVIOUR §6.5 says: the endpoints that can be met and the source that they see, or what happens instead. */
function expected({ internal, external, endpoints }: Scenario, kind: FrontendKind, from: Sender) {
  const met = (list: readonly Member[], source: "own" | "node") =>
    list.length === 0 ? "timeout" : `${list.join(" ")} from ${source}`;
  const { cluster, local } = endpoints;
  if (cluster.length === 0) return "refused";
  const self = from === "pod-b" ? "own" : "node";
  if (kind === "cluster IP") return met(internal === "Cluster" ? cluster : local, self);
  if (external === "Cluster") return met(cluster, "node");
  return from === "client" ? met(local, "own") : met(cluster, self);
}

function summary(outcomes: readonly Outcome[], from: Sender): string {
  const own: readonly string[] = from === "node" ? [] : ADDRESSES[from];
  const servers = new Set<string>();
  const sources = new Set<string>();
  for (const outcome of outcomes) {
    if (outcome.result !== "answered") return outcome.result;
    servers.add(outcome.server);
    sources.add(own.includes(outcome.source) ? "own" : "node");
  }
  return `${[...servers].sort().join(" ")} from ${[...sources].join(" and ")}`;
}

/** Enough connections to meet both of two endpoints: the chance to miss one is 2^-19. */
const CONNECTIONS = 20;

kernelTest("Every row of the policies' table holds for packets, in both families", async () => {
  await using world = await ClusterLab.create();
  await world.program(FAMILIES.flatMap(objects));
  const wrong: string[] = [];
  for (const family of FAMILIES) {
    await Promise.all(SENDERS.map(async (from) => {
      for (const [index, scenario] of SCENARIOS.entries()) {
        for (const kind of FRONTENDS) {
          const want = expected(scenario, kind, from);
          const [address, port] = target(family, index, kind);
          const got = await observe(world, from, address, port, want.includes(" from "));
          const { internal, external, endpoints } = scenario;
          const row = `${family}, internal ${internal}, external ${external}, ${endpoints.name}`;
          if (got !== want) wrong.push(`${row}: ${from} → ${kind}: want ${want}, got ${got}`);
        }
      }
    }));
  }
  assert.deepEqual(wrong, []);
});

async function observe(
  world: ClusterLab,
  from: Sender,
  address: string,
  port: number,
  isAnswered: boolean,
): Promise<string> {
  const member = world.members[from];
  const before = isAnswered ? 0 : await unreachables(member);
  const outcomes = await member.connectMany(address, port, isAnswered ? CONNECTIONS : 1, {
    parallel: 10,
    timeoutMs: isAnswered ? 2_000 : 150,
  });
  const got = summary(outcomes, from);
  const wasTold = !isAnswered && got === "timeout" && await unreachables(member) > before;
  return wasTold ? "refused" : got;
}

kernelTest(
  "Load balancer source ranges close the load balancer's address, and nothing else",
  async () => {
    await using world = await ClusterLab.create();
    const vip = "203.0.113.1";
    const program = (...ranges: readonly string[]) =>
      world.program([
        service("web", {
          type: "LoadBalancer",
          externalIPs: ["198.51.100.1"],
          ingress: [{ ip: vip, ipMode: "VIP" }],
          ports: [{ nodePort: 30080 }],
          loadBalancerSourceRanges: ranges,
        }),
        slice("web", [ADDRESSES["pod-a"][0]]),
        service("web6", {
          clusterIP: "fd00:96::10",
          type: "LoadBalancer",
          ingress: [{ ip: "2001:db8:2::1", ipMode: "VIP" }],
          loadBalancerSourceRanges: ranges,
        }),
        slice("web6", [ADDRESSES["pod-a"][1]]),
      ]);
    const reach = async (from: Sender, to = vip, port = 80) =>
      (await world.members[from].connect(to, port, { timeoutMs: 250 })).result;

    await program(" 192.0.2.96/28", "10.244.1.6/32");
    assert.equal(await reach("client"), "answered", "the client's range is in the list");
    assert.equal(await reach("pod-b"), "answered", "the pod is in the list");
    assert.equal(await reach("node"), "timeout", "the node is not");
    assert.equal(
      await reach("client", "2001:db8:2::1"),
      "timeout",
      "IPv6 is closed by IPv4 ranges",
    );

    await program("203.0.113.128/25");
    for (const from of SENDERS) assert.equal(await reach(from), "timeout", from);
    assert.equal(
      await reach("client", "10.96.0.10"),
      "answered",
      "the cluster IP is not concerned",
    );
    assert.equal(await reach("client", "198.51.100.1"), "answered", "nor the external IP");
    assert.equal(await reach("client", "192.0.2.10", 30080), "answered", "nor the node port");

    await program("192.0.2.10/32", "2001:db8::100/128");
    assert.equal(await reach("node"), "answered", "the node is in the list");
    assert.equal(await reach("client"), "timeout");
    assert.equal(await reach("client", "2001:db8:2::1"), "answered");

    for (const everybody of [[], ["0.0.0.0/0"], ["nonsense"]]) {
      await program(...everybody);
      for (const from of SENDERS) {
        assert.equal(
          await reach(from),
          "answered",
          `${everybody} ${from}`,
        );
      }
    }
  },
);

kernelTest("Node ports answer on the addresses that they shall answer on", async () => {
  await using world = await ClusterLab.create();
  const objects = [
    service("web", { type: "NodePort", ports: [{ nodePort: 30080 }] }),
    slice("web", [ADDRESSES["pod-a"][0]]),
  ];
  await world.lab.node.output("ip", ["address", "add", "203.0.113.7/32", "dev", "lo"]);
  await world.members.client.output("ip", ["route", "replace", "203.0.113.7", "via", "192.0.2.10"]);
  const reach = async (to: string) =>
    (await world.members.client.connect(to, 30080, { timeoutMs: 250 })).result;

  await world.program(objects);
  assert.equal(await reach("192.0.2.10"), "answered");
  assert.equal(await reach("203.0.113.7"), "refused", "another address of the node");
  const any = { IPv4: { nodePortAddresses: "any" } } as const;
  await world.program(objects, any);
  assert.equal(await reach("192.0.2.10"), "answered");
  assert.equal(await reach("203.0.113.7"), "answered");
  const loopback = await world.members.node.connect("127.0.0.1", 30080);
  assert.equal(loopback.result, "refused", "loopback never");
  await world.program(objects, { IPv4: { nodePortAddresses: ["203.0.113.7"] } });
  assert.equal(await reach("192.0.2.10"), "refused");
  assert.equal(await reach("203.0.113.7"), "answered", "at once, without a restart");
});

kernelTest("masqueradeAll masquerades pods to cluster IPs, and no detector nobody", async () => {
  await using world = await ClusterLab.create();
  const objects = [service("web"), slice("web", [ADDRESSES["pod-a"][0]])];
  const seen = async (from: Sender) =>
    summary([await world.members[from].connect("10.96.0.10", 80)], from);
  await world.program(objects, { IPv4: { masqueradeAll: true } });
  assert.equal(await seen("pod-b"), "pod-a from node");
  assert.equal(await seen("client"), "pod-a from node");
  await world.program(objects, { IPv4: { detector: undefined } });
  assert.equal(await seen("pod-b"), "pod-a from own");
  assert.equal(await seen("client"), "pod-a from own");
  const veth = { by: "interface", name: "pod-b" } as const;
  await world.program(objects, { IPv4: { detector: veth } });
  assert.equal(await seen("pod-b"), "pod-a from own", "by the interface");
  assert.equal(await seen("client"), "pod-a from node");
  const prefix = { by: "interface-prefix", prefix: "pod-" } as const;
  await world.program(objects, { IPv4: { detector: prefix } });
  assert.equal(await seen("pod-b"), "pod-a from own", "by the interface's prefix");
  assert.equal(await seen("client"), "pod-a from node");
});
