import assert from "node:assert/strict";
import { spawnedConntrack } from "../../backends/conntrack/conntrack.ts";
import { runProcess } from "../../backends/process.ts";
import { type StreamProcess, streamProcess } from "../../backends/stream_process.ts";
import type { Flow, Outcome } from "../../cli/demo/lab.ts";
import { FAMILIES, type Family } from "../../model/family.ts";
import type { ClusterObject, EndpointObject, ServiceObject } from "../../model/objects.ts";
import { ADDRESSES, type Member, TARGET_PORT } from "../support/cluster_lab.ts";
import { FlowLab } from "../support/flow_lab.ts";
import { kernelTest } from "../support/kernel.ts";
import { endpoint, service, slice } from "../support/objects.ts";

/** The addresses of the Service `dns` in each family. */
const DNS = {
  IPv4: { cluster: "10.96.0.10", external: "198.51.100.1", loadBalancer: "198.51.100.2" },
  IPv6: { cluster: "fd00:96::10", external: "2001:db8:1::1", loadBalancer: "2001:db8:1::2" },
} as const;

const NODE_PORT = 30053;
const UDP = [{ name: "", protocol: "UDP", port: TARGET_PORT }] as const;

/** Where a client sends to. */
type Target = keyof typeof DNS["IPv4"] | "nodePort";

const TARGETS: readonly Target[] = ["cluster", "external", "loadBalancer", "nodePort"];
const CLIENTS: readonly Member[] = ["pod-b", "client", "node"];

/** The Service `dns` in both families, changed as asked. */
function dns(
  endpoints: readonly (Member | readonly [Member, Partial<EndpointObject>])[],
  changes: Partial<Omit<ServiceObject, "ports">> & { nodePort?: number } = {},
): readonly ClusterObject[] {
  const { nodePort = NODE_PORT, ...rest } = changes;
  return FAMILIES.flatMap((family) => {
    const name = `dns-${family.toLowerCase()}`;
    const { cluster, external, loadBalancer } = DNS[family];
    const at = endpoints.map((one) => {
      const [member, conditions] = typeof one === "string" ? [one, {}] : one;
      return endpoint(ADDRESSES[member][index(family)], conditions);
    });
    return [
      service(name, {
        type: "LoadBalancer",
        clusterIP: cluster,
        externalIPs: [external],
        ingress: [{ ip: loadBalancer, ipMode: "VIP" }],
        ports: [{ protocol: "UDP", port: 53, nodePort }],
        ...rest,
      }),
      slice(name, at, { ports: UDP, addressType: family }),
    ];
  });
}

function index(family: Family): 0 | 1 {
  return family === "IPv4" ? 0 : 1;
}

/** A UDP client that goes on sending from one port. */
interface Sender {
  readonly name: string;
  readonly flow: Flow;
}

/** Milliseconds in which an answer comes even on a busy machine, and for what will never be answered. */
const PATIENCE = { answer: 1_000, silence: 150 };

/** Has every client send to every target, in both families, and keep its five-tuple. */
async function sendersTo(
  world: FlowLab,
  targets: readonly Target[] = TARGETS,
  clients: readonly Member[] = CLIENTS,
  timeoutMs = PATIENCE.answer,
): Promise<readonly Sender[]> {
  return await Promise.all(
    FAMILIES.flatMap((family) =>
      targets.flatMap((target) =>
        clients.map(async (client) => {
          const address = target === "nodePort"
            ? ADDRESSES.node[index(family)]
            : DNS[family][target];
          const port = target === "nodePort" ? NODE_PORT : 53;
          const options = { protocol: "UDP", timeoutMs } as const;
          const flow = await world.cluster.members[client].open(address, port, options);
          return { name: `${family} ${client} > ${target}`, flow };
        })
      )
    ),
  );
}

/** Says who answered, or what happened instead; `first` is about the datagram that opened the flows. */
async function heard(senders: readonly Sender[], first?: "first"): Promise<Set<string>> {
  const outcomes = await Promise.all(
    senders.map(({ flow }) => first === undefined ? flow.ask() : flow.first),
  );
  return new Set(outcomes.map(answer));
}

/** Says who answered senders that have little patience: a busy machine may need more than one attempt. */
async function heardAtLast(senders: readonly Sender[]): Promise<Set<string>> {
  let answers = new Set<string>();
  for (let attempt = 0; attempt < 10; attempt++) {
    answers = await heard(senders);
    if (!answers.has("timeout")) break;
  }
  return answers;
}

function answer(outcome: Outcome): string {
  return outcome.result === "answered" ? outcome.server : outcome.result;
}

kernelTest("A UDP client of an endpoint that is replaced gets the new one", async () => {
  await using world = await FlowLab.create();
  await world.program(dns(["pod-a"]));
  const senders = await sendersTo(world);
  assert.deepEqual(await heard(senders, "first"), new Set(["pod-a"]));
  await world.program(dns(["remote"]));
  assert.deepEqual(await heard(senders), new Set(["pod-a"]), "the kernel follows the flow");
  assert.deepEqual(await world.reconcile(), { "endpoint-gone": senders.length });
  assert.deepEqual(await heard(senders), new Set(["remote"]));
  assert.deepEqual(await world.reconcile(), {}, "everything is right now");
});

kernelTest("A UDP client keeps an endpoint that gets no new traffic but still serves", async () => {
  await using world = await FlowLab.create();
  await world.program(dns(["pod-a"]));
  const senders = await sendersTo(world, ["cluster", "nodePort"]);
  const draining = { ready: false, serving: true, terminating: true };
  await world.program(dns([["pod-a", draining], "remote"]));
  assert.deepEqual(await world.reconcile(), {});
  assert.deepEqual(await heard(senders), new Set(["pod-a"]));
  await world.program(dns([["pod-a", { ...draining, serving: false }], "remote"]));
  assert.deepEqual(await world.reconcile(), { "endpoint-gone": senders.length });
  assert.deepEqual(await heard(senders), new Set(["remote"]));
});

kernelTest(
  "When the last endpoint goes, its UDP flows end, and work again with the next",
  async () => {
    await using world = await FlowLab.create();
    await world.program(dns(["pod-a"]));
    const senders = await sendersTo(world);
    await world.program(dns([]));
    assert.deepEqual(await world.reconcile(), { "no-endpoints": senders.length });
    assert.deepEqual(await heard(senders), new Set(["refused"]));
    await world.program(dns(["remote"]));
    const own = senders.filter(({ name }) => name.endsWith("node > nodePort"));
    const others = senders.filter((one) => !own.includes(one));
    assert.deepEqual(await heard(others), new Set(["remote"]), "a rejected flow is not tracked");
    // But one of the node to itself is: it was on its way already when the input hook rejected it.
    assert.deepEqual(await world.reconcile(), { "not-translated": own.length });
    assert.deepEqual(await heard(own), new Set(["remote"]));
  },
);

kernelTest("A UDP client that was sending before its Service existed is translated", async () => {
  await using world = await FlowLab.create();
  // Without ServiceCIDRs nobody stops these packets on their way to nowhere. Another Service makes the kernel track.
  const early = { serviceCIDRs: [] };
  await world.program([service("other", { clusterIP: "10.96.0.99" })], early);
  const senders = await sendersTo(world, TARGETS, CLIENTS, PATIENCE.silence);
  assert.deepEqual(await heard(senders, "first"), new Set(["timeout", "refused"]));
  await world.program(dns(["pod-a"]), early);
  assert.equal((await heard(senders)).has("pod-a"), false, "the kernel knows these flows");
  assert.deepEqual(await world.reconcile(), { "not-translated": senders.length });
  assert.deepEqual(await heardAtLast(senders), new Set(["pod-a"]));
});

kernelTest("A UDP client that was sending before an address was added is translated", async () => {
  await using world = await FlowLab.create();
  const bare = { externalIPs: [], ingress: [], nodePort: 0 };
  await world.program(dns(["pod-a"], bare));
  await world.reconcile();
  const targets = ["external", "loadBalancer", "nodePort"] as const;
  const senders = await sendersTo(world, targets, ["client"], PATIENCE.silence);
  assert.deepEqual(await heard(senders, "first"), new Set(["timeout", "refused"]));
  await world.program(dns(["pod-a"]));
  assert.deepEqual(await world.reconcile(), { "not-translated": senders.length });
  assert.deepEqual(await heardAtLast(senders), new Set(["pod-a"]));
});

kernelTest(
  "UDP flows end with the node port, the addresses and the Service they came by",
  async () => {
    await using world = await FlowLab.create();
    await world.program(dns(["pod-a"]));
    await world.reconcile();
    const senders = await sendersTo(world, TARGETS, ["client"]);
    const of = (target: Target) => senders.filter(({ name }) => name.endsWith(target));
    await world.program(dns(["pod-a"], { nodePort: NODE_PORT + 1 }));
    assert.deepEqual(await world.reconcile(), { "frontend-gone": 2 });
    assert.deepEqual(await heard(of("nodePort")), new Set(["refused"]), "nobody listens there");
    await world.program(dns(["pod-a"], { nodePort: NODE_PORT + 1, externalIPs: [], ingress: [] }));
    assert.deepEqual(await world.reconcile(), { "frontend-gone": 4 });
    const away = [...of("external"), ...of("loadBalancer")];
    assert.deepEqual(await heard(away), new Set(["timeout"]), "they leave by the default route");
    assert.deepEqual(await heard(of("cluster")), new Set(["pod-a"]), "the others stay");
    await world.program([]);
    assert.deepEqual(await world.reconcile(), { "frontend-gone": 2 });
    assert.deepEqual(
      await heard(of("cluster")),
      new Set(["timeout"]),
      "dropped in the ServiceCIDR",
    );
  },
);

/** Somebody else's translations: an address outside, and a host port of the node. */
const FOREIGN = `
table ip foreign {
  chain prerouting {
    type nat hook prerouting priority -110
    ip daddr 203.0.113.9 udp dport ${NODE_PORT} dnat to ${ADDRESSES["pod-a"][0]}:${TARGET_PORT}
    ip daddr ${ADDRESSES.node[0]} udp dport 5000 dnat to ${ADDRESSES["pod-a"][0]}:${TARGET_PORT}
  }
}`;

kernelTest(
  "Flows of others, TCP, and UDP flows that are right stay, also over a restart",
  async () => {
    await using world = await FlowLab.create();
    const { members, lab } = world.cluster;
    const { client, remote } = members;
    const web = [service("web"), slice("web", [ADDRESSES["pod-a"][0]])];
    await lab.node.output("nft", ["-f", "-"], { stdin: [FOREIGN] });
    await world.program([...dns(["pod-a", "remote"]), ...web]);
    await remote.serve(NODE_PORT, { protocol: "UDP" });
    const udp = { protocol: "UDP" } as const;
    const foreign = [
      await client.open("203.0.113.9", NODE_PORT, udp),
      await client.open(ADDRESSES.node[0], 5000, udp),
      await client.open(ADDRESSES.remote[0], NODE_PORT, udp),
      await client.open(ADDRESSES["pod-a"][0], TARGET_PORT, udp),
      await client.open("10.96.0.10", 80),
    ];
    const servers = foreign.map(({ first }) => answer(first));
    assert.deepEqual(servers, ["pod-a", "pod-a", "remote", "pod-a", "pod-a"]);
    const before = await world.answered();
    await world.program([...dns(["remote"]), service("web"), slice("web", [])]);
    assert.deepEqual(await world.reconcile(), {});
    world.restart();
    await world.program([...dns(["remote"]), service("web"), slice("web", [])]);
    assert.deepEqual(await world.reconcile(), {});
    assert.deepEqual(await world.answered(), before);
    const again = await Promise.all(foreign.map((flow) => flow.ask()));
    assert.deepEqual(again.map(answer), servers);
  },
);

kernelTest("After a restart only the UDP flows that are wrong are deleted", async () => {
  await using world = await FlowLab.create();
  await world.program(dns(["pod-a"]));
  const moved = await sendersTo(world, ["cluster"], ["pod-b"]);
  await world.program(dns(["remote"]));
  const kept = await sendersTo(world, ["cluster", "nodePort"], ["client"]);
  world.restart();
  await world.program(dns(["remote"]));
  assert.deepEqual(await world.reconcile(), { "endpoint-gone": moved.length });
  assert.deepEqual(await heard(moved), new Set(["remote"]));
  const ids = await world.answered();
  assert.deepEqual(await heard(kept), new Set(["remote"]));
  assert.deepEqual(await world.answered(), ids);
  world.restart();
  await world.program([]);
  assert.deepEqual(await world.reconcile(), { "frontend-gone": 4 }, "of cluster IPs that are gone");
});

/** Has the kernel track a flow of a client of its own to each of these endpoints of the Service `dns`. */
async function trackFlowsTo(family: Family, endpoints: readonly string[]): Promise<void> {
  const { cluster } = DNS[family];
  for (const endpoint of endpoints) {
    const [client, port] = [
      ADDRESSES.client[index(family)],
      `${40_000 + endpoints.indexOf(endpoint)}`,
    ];
    const sent = ["-s", client, "-d", cluster, "--sport", port, "--dport", "53"];
    const answered = ["--reply-src", endpoint, "--reply-dst", client];
    const ports = ["--reply-port-src", `${TARGET_PORT}`, "--reply-port-dst", port];
    const args = ["-I", "-p", "udp", ...sent, ...answered, ...ports, "-t", "300"];
    const { code, stderr } = await runProcess("conntrack", args, { timeoutMs: 10_000 });
    assert.equal(code, 0, stderr);
  }
}

/** A conntrack-tools 1.4.6: it does not know `-R`, and says so as it says it of every option that it does not know. */
const olderProgram: StreamProcess = (command, args, options) =>
  streamProcess(command, args.map((arg) => arg === "-R" ? "--no-such-option" : arg), options);

kernelTest("All groups of flows are deleted, whatever the version of conntrack-tools", async () => {
  const match = { destinationPort: 53, replySourcePort: TARGET_PORT };
  for (const [stream, processes] of [[streamProcess, 1], [olderProgram, 4]] as const) {
    for (const family of FAMILIES) {
      const calls: string[] = [];
      const conntrack = spawnedConntrack({
        stream: (command, args, options) => {
          calls.push(args.join(" "));
          return stream(command, args, options);
        },
      });
      const at = (...members: readonly Member[]) =>
        members.map((member) => ADDRESSES[member][index(family)]);
      await trackFlowsTo(family, at("pod-a", "pod-b", "remote"));
      const destination = DNS[family].cluster;
      // The one in the middle matches nothing.
      const matches = at("pod-a", "client", "remote")
        .map((replySource) => ({ ...match, destination, replySource }));
      const gone: string[] = [];
      await conntrack.delete(family, matches, { onFlow: (flow) => gone.push(flow.replySource) });
      assert.deepEqual(gone, at("pod-a", "remote"));
      assert.equal(calls.length, processes, calls.join("\n"));
      const left: string[] = [];
      await conntrack.list(family, (flow) => left.push(flow.replySource));
      assert.deepEqual(left, at("pod-b"));
      await conntrack.delete(family, [{ destination, destinationPort: 53 }], { onFlow: () => {} });
    }
  }
});
