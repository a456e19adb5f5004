import assert from "node:assert/strict";
import type { Outcome } from "../../cli/demo/lab.ts";
import { FAMILIES, type Family } from "../../model/family.ts";
import type { ClusterObject, EndpointObject } from "../../model/objects.ts";
import { ADDRESSES, ClusterLab, type Member, TARGET_PORT } from "../support/cluster_lab.ts";
import { kernelTest } from "../support/kernel.ts";
import { endpoint, service, slice } from "../support/objects.ts";
import { unreachables } from "../support/unreachables.ts";
import { addBystander, addressOf, BYSTANDER, clusterIP, type Place, VIPS } from "./_places.ts";

/** What the client sees: who answered, with the source address that the server saw, or what went wrong. */
type Want = readonly [servers: string, source: "own" | "node"] | "refused" | "timeout";

interface Row {
  readonly name: string;
  readonly from: Member;
  readonly to: Place;
  readonly port?: number;
  readonly protocol?: "TCP" | "UDP";
  readonly want: Want;
}

const HERE = { nodeName: "node-a" };

/**
 * Service `sN` has the cluster IP that ends in N. The addresses that are `held` are the node's own, on loopback; there
 * and on some ports of the node a {@linkcode BYSTANDER} listens, who is no Service's.
 */
function cluster(family: Family): readonly ClusterObject[] {
  const index = family === "IPv4" ? 0 : 1;
  const at = (member: Member, changes: Partial<EndpointObject> = {}) =>
    endpoint(ADDRESSES[member][index], { ...(member === "remote" ? {} : HERE), ...changes });
  const vip = (number: number) => clusterIP(family, number);
  const port = (protocol: "TCP" | "UDP", name = "") =>
    [{ name, protocol, port: TARGET_PORT }] as const;
  const ingress = (ip: string, ipMode = "VIP") => [{ ip, ipMode }];
  const { external, loadBalancer, held, heldByProxy, heldExternal } = VIPS[family];
  const objects = [
    service("s1", {
      clusterIP: vip(1),
      type: "LoadBalancer",
      externalIPs: [external],
      ingress: ingress(loadBalancer),
      ports: [{ nodePort: 30080 }],
    }),
    slice("s1", [at("pod-a"), at("remote")]),
    service("s2", { clusterIP: vip(2), ports: [{ protocol: "UDP", port: 53, nodePort: 30053 }] }),
    slice("s2", [at("pod-a"), at("remote")], { ports: port("UDP") }),
    service("s3", {
      clusterIP: vip(3),
      type: "LoadBalancer",
      ingress: ingress(held),
      ports: [{ nodePort: 30083 }],
    }),
    service("s4", { clusterIP: vip(4), type: "NodePort", ports: [{ nodePort: 30084 }] }),
    slice("s4", [at("pod-a")]),
    service("s5", { clusterIP: vip(5), ports: [{ protocol: "UDP", port: 53, nodePort: 30085 }] }),
    service("s6", { clusterIP: vip(6) }),
    slice("s6", [at("node")]),
    service("s7", {
      clusterIP: vip(7),
      ports: (["TCP", "UDP"] as const).map((name) => ({ name, protocol: name, port: 53 })),
    }),
    slice("s7", [at("pod-a")], { name: "s7-tcp", ports: port("TCP", "TCP") }),
    slice("s7", [at("pod-b")], { name: "s7-udp", ports: port("UDP", "UDP") }),
    service("s8", {
      clusterIP: vip(8),
      type: "LoadBalancer",
      externalIPs: ["nonsense", heldExternal],
      ingress: ingress(heldByProxy, "Proxy"),
      ports: [{ name: "none", port: 0 }, { nodePort: 30088 }],
      loadBalancerSourceRanges: ["everybody"],
      externalTrafficPolicy: "Local",
    }),
    slice("s8", [endpoint("10.244.1.300"), at("pod-a"), endpoint(ADDRESSES["pod-b"][1 - index]!)]),
  ];
  return objects.map((one) => ({ ...one, name: `${one.name}-${family.toLowerCase()}` }))
    .map((one) =>
      "service" in one
        ? { ...one, addressType: family, service: `${one.service}-${family.toLowerCase()}` }
        : one
    );
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
    name: "a UDP node port, from a pod",
    from: "pod-b",
    to: "nodePort",
    port: 30053,
    protocol: "UDP",
    want: ["pod-a remote", "node"],
  },
  {
    name: "a node port's number over the other protocol is anybody's",
    from: "client",
    to: "nodePort",
    port: 30053,
    want: [BYSTANDER, "own"],
  },
  {
    name: "the same the other way round",
    from: "client",
    to: "nodePort",
    port: 30080,
    protocol: "UDP",
    want: [BYSTANDER, "own"],
  },
  ...(["client", "pod-b", "node"] as const).map((from): Row => ({
    name: `a node port's number on another address of the node is anybody's, from ${from}`,
    from,
    to: "held",
    port: 30080,
    want: [BYSTANDER, from === "node" ? "node" : "own"],
  })),
  {
    name: "a node port's number on loopback is anybody's",
    from: "node",
    to: "loopback",
    port: 30080,
    want: [BYSTANDER, "node"],
  },
  ...(["pod-b", "node", "client"] as const).flatMap((from): Row[] => [
    { name: "no endpoints", from, to: 3, want: "refused" },
    { name: "no endpoints, UDP", from, to: 5, port: 53, protocol: "UDP", want: "refused" },
    {
      name: "no endpoints behind a node port, whoever else listens there",
      from,
      to: "nodePort",
      port: 30083,
      want: "refused",
    },
    {
      name: "no endpoints behind a UDP node port, whoever else listens there",
      from,
      to: "nodePort",
      port: 30085,
      protocol: "UDP",
      want: "refused",
    },
    {
      name:
        "no endpoints behind a load balancer IP that the node holds, whoever else listens there",
      from,
      to: "held",
      want: "refused",
    },
    { name: "a port that the Service does not have", from, to: 1, port: 81, want: "refused" },
    { name: "the same without endpoints", from, to: 3, port: 81, want: "refused" },
    {
      name: "a protocol that the Service does not have",
      from,
      to: 1,
      protocol: "UDP",
      want: "refused",
    },
    { name: "a cluster IP that no Service has", from, to: "free", want: "timeout" },
    {
      name: "a port that a load balancer IP does not have is anybody's",
      from,
      to: "held",
      port: 81,
      want: [BYSTANDER, from === "node" ? "node" : "own"],
    },
    {
      name: "a port that an external IP does not have is anybody's",
      from,
      to: "heldExternal",
      port: 81,
      want: [BYSTANDER, from === "node" ? "node" : "own"],
    },
    {
      name: "a load balancer IP in ipMode Proxy is anybody's",
      from,
      to: "heldByProxy",
      want: [BYSTANDER, from === "node" ? "node" : "own"],
    },
    {
      name: "one port number over TCP",
      from,
      to: 7,
      port: 53,
      want: ["pod-a", from === "pod-b" ? "own" : "node"],
    },
    {
      name: "a Service with parts that are wrong, by its cluster IP",
      from,
      to: 8,
      want: ["pod-a", from === "pod-b" ? "own" : "node"],
    },
    {
      name: "a Service with parts that are wrong, by its external IP",
      from,
      to: "heldExternal",
      want: ["pod-a", from === "node" ? "node" : "own"],
    },
    {
      name: "a Service with parts that are wrong, by its node port",
      from,
      to: "nodePort",
      port: 30088,
      want: ["pod-a", from === "node" ? "node" : "own"],
    },
    {
      name: "an endpoint itself",
      from,
      to: "pod-a",
      port: TARGET_PORT,
      want: ["pod-a", from === "node" ? "node" : "own"],
    },
  ]),
  {
    name: "one port number over UDP",
    from: "pod-a",
    to: 7,
    port: 53,
    protocol: "UDP",
    want: ["pod-b", "own"],
  },
  {
    name: "a pod that gets itself by a node port",
    from: "pod-a",
    to: "nodePort",
    port: 30084,
    want: ["pod-a", "node"],
  },
  {
    name: "a pod that gets itself by an external IP under policy Local",
    from: "pod-a",
    to: "heldExternal",
    want: ["pod-a", "node"],
  },
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
  await addBystander(world);
  await world.program(FAMILIES.flatMap(cluster));
  const senders = [...new Set(ROWS.map(({ from }) => from))];
  // Each sender one row after the other: it counts the errors that it gets.
  const wrong = await Promise.all(senders.map(async (sender) => {
    const found: string[] = [];
    for (const family of FAMILIES) {
      for (const row of ROWS.filter(({ from }) => from === sender)) {
        const got = JSON.stringify(await observe(world, family, row));
        const want = JSON.stringify(row.want);
        if (got === want) continue;
        found.push(`${family}: ${row.name}: ${sender} wants ${want}, gets ${got}`);
      }
    }
    return found;
  }));
  assert.deepEqual(wrong.flat(), []);
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
    timeoutMs: count > 1 ? 2_000 : 150,
  });
  const got = summary(outcomes, row.from === "node" ? [] : ADDRESSES[row.from]);
  // What the node drops of its own packets can come back to it as an error of its own, which is no answer either.
  if (row.to === "free" && got === "unreachable") return "timeout";
  const wasTold = got === "timeout" && await unreachables(member) > before;
  return wasTold ? "refused" : got;
}
