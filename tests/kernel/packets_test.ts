import assert from "node:assert/strict";
import type { Outcome } from "../../cli/demo/lab.ts";
import { FAMILIES, type Family } from "../../model/family.ts";
import type { ClusterObject, EndpointObject } from "../../model/objects.ts";
import { ADDRESSES, ClusterLab, type Member, TARGET_PORT } from "../support/cluster_lab.ts";
import { kernelTest } from "../support/kernel.ts";
import { endpoint, service, slice } from "../support/objects.ts";
import { unreachables } from "../support/unreachables.ts";

/** The addresses of the Services below in each family. */
const VIPS = {
  IPv4: {
    cluster: "10.96.0",
    external: "198.51.100.1",
    loadBalancer: "198.51.100.2",
    free: "10.96.9.9",
  },
  IPv6: {
    cluster: "fd00:96::",
    external: "2001:db8:1::1",
    loadBalancer: "2001:db8:1::2",
    free: "fd00:96::99",
  },
} as const;

/** What the client sees: who answered, with the source address that the server saw, or what went wrong. */
type Want = readonly [servers: string, source: "own" | "node"] | "refused" | "timeout";

interface Row {
  readonly name: string;
  readonly from: Member;
  /** A Service of {@linkcode cluster} by number, or a word for another address. */
  readonly to: number | "external" | "loadBalancer" | "free" | "nodePort" | "loopback";
  readonly port?: number;
  readonly protocol?: "TCP" | "UDP";
  readonly want: Want;
}

const HERE = { nodeName: "node-a" };

/** Service `sN` has the cluster IP that ends in N. */
function cluster(family: Family): readonly ClusterObject[] {
  const index = family === "IPv4" ? 0 : 1;
  const at = (member: Member, changes: Partial<EndpointObject> = {}) =>
    endpoint(ADDRESSES[member][index], { ...(member === "remote" ? {} : HERE), ...changes });
  const vip = (number: number) => clusterIP(family, number);
  const udp = [{ name: "", protocol: "UDP", port: TARGET_PORT }] as const;
  const { external, loadBalancer } = VIPS[family];
  const objects = [
    service("s1", {
      clusterIP: vip(1),
      type: "LoadBalancer",
      externalIPs: [external],
      ingress: [{ ip: loadBalancer, ipMode: "VIP" }],
      ports: [{ nodePort: 30080 }],
    }),
    slice("s1", [at("pod-a"), at("remote")]),
    service("s2", { clusterIP: vip(2), ports: [{ protocol: "UDP", port: 53, nodePort: 30053 }] }),
    slice("s2", [at("pod-a"), at("remote")], { ports: udp }),
    service("s3", { clusterIP: vip(3), type: "NodePort", ports: [{ nodePort: 30083 }] }),
    service("s4", { clusterIP: vip(4) }),
    slice("s4", [at("pod-a")]),
    service("s5", { clusterIP: vip(5), ports: [{ protocol: "UDP", port: 53 }] }),
    service("s6", { clusterIP: vip(6) }),
    slice("s6", [at("node")]),
  ];
  return objects.map((one) => ({ ...one, name: `${one.name}-${family.toLowerCase()}` }))
    .map((one) =>
      "service" in one ? { ...one, service: `${one.service}-${family.toLowerCase()}` } : one
    );
}

function clusterIP(family: Family, number: number): string {
  return family === "IPv4" ? `${VIPS.IPv4.cluster}.${number}` : `${VIPS.IPv6.cluster}${number}`;
}

const ROWS: readonly Row[] = [
  {
    name: "a pod reaches all endpoints of a cluster IP as itself",
    from: "pod-b",
    to: 1,
    want: ["pod-a remote", "own"],
  },
  { name: "the node reaches a cluster IP", from: "node", to: 1, want: ["pod-a remote", "node"] },
  {
    name: "a client outside reaches a cluster IP by way of the node",
    from: "client",
    to: 1,
    want: ["pod-a remote", "node"],
  },
  {
    name: "UDP to a cluster IP",
    from: "pod-b",
    to: 2,
    port: 53,
    protocol: "UDP",
    want: ["pod-a remote", "own"],
  },
  {
    name: "UDP from the node",
    from: "node",
    to: 2,
    port: 53,
    protocol: "UDP",
    want: ["pod-a remote", "node"],
  },
  { name: "a pod that gets itself is masqueraded", from: "pod-a", to: 4, want: ["pod-a", "node"] },
  { name: "another pod is not", from: "pod-b", to: 4, want: ["pod-a", "own"] },
  {
    name: "an external IP, from outside",
    from: "client",
    to: "external",
    want: ["pod-a remote", "node"],
  },
  {
    name: "an external IP, from a pod",
    from: "pod-b",
    to: "external",
    want: ["pod-a remote", "node"],
  },
  {
    name: "an external IP, from the node",
    from: "node",
    to: "external",
    want: ["pod-a remote", "node"],
  },
  {
    name: "a load balancer IP",
    from: "client",
    to: "loadBalancer",
    want: ["pod-a remote", "node"],
  },
  {
    name: "a node port, from outside",
    from: "client",
    to: "nodePort",
    port: 30080,
    want: ["pod-a remote", "node"],
  },
  {
    name: "a node port, from a pod",
    from: "pod-b",
    to: "nodePort",
    port: 30080,
    want: ["pod-a remote", "node"],
  },
  {
    name: "a node port, from the node",
    from: "node",
    to: "nodePort",
    port: 30080,
    want: ["pod-a remote", "node"],
  },
  {
    name: "a UDP node port",
    from: "client",
    to: "nodePort",
    port: 30053,
    protocol: "UDP",
    want: ["pod-a remote", "node"],
  },
  {
    name: "a node port over the other protocol",
    from: "client",
    to: "nodePort",
    port: 30053,
    want: "refused",
  },
  {
    name: "a node port on loopback is not served",
    from: "node",
    to: "loopback",
    port: 30080,
    want: "refused",
  },
  { name: "no endpoints, from a pod", from: "pod-a", to: 3, want: "refused" },
  { name: "no endpoints, from the node", from: "node", to: 3, want: "refused" },
  { name: "no endpoints, from outside", from: "client", to: 3, want: "refused" },
  {
    name: "no endpoints behind a node port",
    from: "client",
    to: "nodePort",
    port: 30083,
    want: "refused",
  },
  { name: "no endpoints, UDP", from: "pod-a", to: 5, port: 53, protocol: "UDP", want: "refused" },
  {
    name: "a port that the Service does not have",
    from: "pod-b",
    to: 1,
    port: 81,
    want: "refused",
  },
  {
    name: "a protocol that the Service does not have",
    from: "pod-b",
    to: 1,
    protocol: "UDP",
    want: "refused",
  },
  { name: "a cluster IP that no Service has", from: "pod-b", to: "free", want: "timeout" },
  { name: "the same, from the node", from: "node", to: "free", want: "timeout" },
  {
    name: "an endpoint in the host's network, from a pod",
    from: "pod-b",
    to: 6,
    want: ["node", "own"],
  },
  {
    name: "an endpoint in the host's network, from the node",
    from: "node",
    to: 6,
    want: ["node", "node"],
  },
  {
    name: "an endpoint in the host's network, from outside",
    from: "client",
    to: 6,
    want: ["node", "own"],
  },
];

function addressOf(family: Family, to: Row["to"]): string {
  if (typeof to === "number") return clusterIP(family, to);
  if (to === "nodePort") return ADDRESSES.node[family === "IPv4" ? 0 : 1];
  if (to === "loopback") return family === "IPv4" ? "127.0.0.1" : "::1";
  return VIPS[family][to];
}

/** Says in the words of {@linkcode Want} what came back. */
function summary(outcomes: readonly Outcome[], from: readonly string[]): unknown {
  const servers = new Set<string>();
  const sources = new Set<string>();
  for (const outcome of outcomes) {
    if (outcome.result !== "answered") return outcome.result;
    servers.add(outcome.server);
    sources.add(from.includes(outcome.source) ? "own" : "node");
  }
  return [[...servers].sort().join(" "), [...sources].join(" ")];
}

/** Enough connections that a list of two endpoints is met in full: the chance to miss one is 2^-23. */
const CONNECTIONS = 24;

kernelTest("Packets go where the Services say, in both families", async () => {
  await using world = await ClusterLab.create();
  await world.program(FAMILIES.flatMap(cluster));
  const wrong: string[] = [];
  for (const family of FAMILIES) {
    for (const row of ROWS) {
      const got = JSON.stringify(await observe(world, family, row));
      const want = JSON.stringify(row.want);
      if (got !== want) wrong.push(`${family}: ${row.name}: want ${want}, got ${got}`);
    }
  }
  assert.deepEqual(wrong, []);
});

/** Sends what a row asks for and says what came of it. */
async function observe(world: ClusterLab, family: Family, row: Row): Promise<unknown> {
  const { port = 80, protocol = "TCP" } = row;
  const member = world.members[row.from];
  const count = Array.isArray(row.want) ? CONNECTIONS : 1;
  const before = await unreachables(member);
  const outcomes = await member.connectMany(addressOf(family, row.to), port, count, {
    protocol,
    parallel: 8,
  });
  const got = summary(outcomes, row.from === "node" ? [] : ADDRESSES[row.from]);
  // What the node drops of its own packets can come back to it as an error of its own, which is no answer either.
  if (row.to === "free" && got === "unreachable") return "timeout";
  const wasTold = got === "timeout" && await unreachables(member) > before;
  return wasTold ? "refused" : got;
}

kernelTest("New connections spread evenly over the endpoints", async () => {
  await using world = await ClusterLab.create();
  await world.program([
    service("web"),
    slice("web", [...["pod-a", "pod-b", "remote"] as const].map((name) => ADDRESSES[name][0])),
  ]);
  const outcomes = await world.members.client.connectMany("10.96.0.10", 80, 600, { parallel: 8 });
  const counts = new Map<string, number>();
  for (const outcome of outcomes) {
    assert.equal(outcome.result, "answered");
    if (outcome.result === "answered") {
      counts.set(outcome.server, (counts.get(outcome.server) ?? 0) + 1);
    }
  }
  // 200 each, standard deviation 11.5: six of them are a one in 500 million chance
  assert.deepEqual([...counts.keys()].sort(), ["pod-a", "pod-b", "remote"]);
  for (const [server, count] of counts) {
    assert.ok(Math.abs(count - 200) < 70, `${server}: ${count}`);
  }
});

kernelTest(
  "An open connection goes on when its endpoint leaves, and new ones avoid it",
  async () => {
    await using world = await ClusterLab.create();
    const web = service("web");
    await world.program([web, slice("web", [ADDRESSES["pod-a"][0]])]);
    const flow = await world.members.client.open("10.96.0.10", 80);
    assert.equal(flow.first.result, "answered");
    await world.program([web, slice("web", [ADDRESSES["pod-b"][0]])]);
    const again = await flow.ask();
    assert.equal(again.result === "answered" && again.server, "pod-a");
    const fresh = await world.members.client.connectMany("10.96.0.10", 80, 10);
    assert.deepEqual(summary(fresh, []), ["pod-b", "node"]);
    await flow.close();
  },
);
