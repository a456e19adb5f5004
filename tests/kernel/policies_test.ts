import assert from "node:assert/strict";
import type { Outcome } from "../../cli/demo/lab.ts";
import { FAMILIES, type Family } from "../../model/family.ts";
import type { ClusterObject, EndpointObject } from "../../model/objects.ts";
import type { Settings } from "../../model/settings.ts";
import { ADDRESSES, ClusterLab, type Member, TARGET_PORT } from "../support/cluster_lab.ts";
import { kernelTest } from "../support/kernel.ts";
import { endpoint, service, slice } from "../support/objects.ts";
import { unreachables } from "../support/unreachables.ts";

type Policy = "Cluster" | "Local";

/** A Service under test: its policies and its endpoints, with who may be met by cluster-wide and by local traffic. */
interface Scenario {
  readonly internal: Policy;
  readonly external: Policy;
  readonly endpoints: EndpointCase;
  readonly protocol: "TCP" | "UDP";
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

const POLICIES = ["Cluster", "Local"] as const;

/** Over TCP every combination; over UDP those in which both policies are the same. */
const SCENARIOS: readonly Scenario[] = POLICIES.flatMap((internal) =>
  POLICIES.flatMap((external) =>
    ENDPOINT_CASES.flatMap((endpoints): Scenario[] => {
      const scenario = { internal, external, endpoints };
      const overTCP = { ...scenario, protocol: "TCP" } as const;
      return internal === external ? [overTCP, { ...scenario, protocol: "UDP" }] : [overTCP];
    })
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
  return SCENARIOS.flatMap(({ internal, external, endpoints, protocol }, index) => {
    const name = `s${index}-${family.toLowerCase()}`;
    const address = (kind: FrontendKind) => target(family, index, kind)[0];
    return [
      service(name, {
        clusterIP: address("cluster IP"),
        type: "LoadBalancer",
        externalIPs: [address("external IP")],
        ingress: [{ ip: address("load balancer IP"), ipMode: "VIP" }],
        ports: [{ protocol, nodePort: target(family, index, "node port")[1] }],
        internalTrafficPolicy: internal,
        externalTrafficPolicy: external,
      }),
      slice(
        name,
        endpoints.endpoints.map(([member, conditions]) =>
          endpoint(ADDRESSES[member][family === "IPv4" ? 0 : 1], conditions)
        ),
        { addressType: family, ports: [{ name: "", protocol, port: TARGET_PORT }] },
      ),
    ];
  });
}

/** Settings on which the table depends. */
type Given = Pick<Partial<Settings>, "masqueradeAll" | "detector">;

/** What BEHAVIOUR §6.5 says: the endpoints that can be met and the source that they see, or what happens instead. */
function expected(
  { internal, external, endpoints: { cluster, local } }: Scenario,
  kind: FrontendKind,
  from: Sender,
  given: Given,
): string {
  const met = (list: readonly Member[], source: "own" | "node") =>
    list.length === 0 ? "timeout" : `${list.join(" ")} from ${from === "node" ? "node" : source}`;
  const hasDetector = !("detector" in given) || given.detector !== undefined;
  const isPod = from === "pod-b" && hasDetector;
  if (cluster.length === 0) return "refused";
  if (kind === "cluster IP") {
    const masquerade = given.masqueradeAll || (hasDetector && !isPod);
    return met(internal === "Cluster" ? cluster : local, masquerade ? "node" : "own");
  }
  if (external === "Cluster") return met(cluster, "node");
  return isPod || from === "node" ? met(cluster, "own") : met(local, "own");
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
  assert.deepEqual(await deviations(world, SCENARIOS, {}), []);
});

/** Settings that change the table, for the node of the lab, whose interface to a pod has the pod's name. */
const VARIANTS: readonly (readonly [name: string, given: Given])[] = [
  ["masqueradeAll", { masqueradeAll: true }],
  ["no detector", { detector: undefined }],
  ["no detector, masqueradeAll", { detector: undefined, masqueradeAll: true }],
  ["pods by their interface", { detector: { by: "interface", name: "pod-b" } }],
  ["pods by the prefix of it", { detector: { by: "interface-prefix", prefix: "pod-" } }],
];

kernelTest("With other settings the table holds as they say, in both families", async () => {
  await using world = await ClusterLab.create();
  const scenarios = SCENARIOS.filter(({ internal, external, endpoints, protocol }) =>
    internal === external && protocol === "TCP" &&
    ["here and elsewhere", "elsewhere only"].includes(endpoints.name)
  );
  for (const [name, given] of VARIANTS) {
    await world.program(FAMILIES.flatMap(objects), { IPv4: given, IPv6: given });
    assert.deepEqual(await deviations(world, scenarios, given), [], name);
  }
});

/** Tries scenarios from everywhere in both families, and returns what is not as the table says. */
async function deviations(
  world: ClusterLab,
  scenarios: readonly Scenario[],
  given: Given,
): Promise<readonly string[]> {
  const lanes = SENDERS.flatMap((from) => FAMILIES.map((family) => ({ from, family })));
  const found = await Promise.all(lanes.map(async ({ from, family }) => {
    const wrong: string[] = [];
    for (const scenario of scenarios) {
      for (const kind of FRONTENDS) {
        const want = expected(scenario, kind, from, given);
        const to = target(family, SCENARIOS.indexOf(scenario), kind);
        const got = await observe(world, from, to, scenario.protocol, want);
        const { internal, external, endpoints, protocol } = scenario;
        const row = `${family}, internal ${internal}, external ${external}, ${endpoints.name}`;
        if (got === want) continue;
        wrong.push(`${row}: ${from} → ${protocol} ${kind}: want ${want}, got ${got}`);
      }
    }
    return wrong;
  }));
  return found.flat();
}

/** Opens connections, as many as it takes to see what is wanted, and says what came of them. */
async function observe(
  world: ClusterLab,
  from: Sender,
  [address, port]: readonly [string, number],
  protocol: "TCP" | "UDP",
  want: string,
): Promise<string> {
  const member = world.members[from];
  const isAnswered = want.includes(" from ");
  const isUnheard = protocol === "TCP" && address.includes(":") && !isAnswered;
  const before = isUnheard ? await unreachables(member) : 0;
  const count = want.startsWith("pod-a remote ") ? CONNECTIONS : isAnswered ? 2 : 1;
  const outcomes = await member.connectMany(address, port, count, {
    protocol,
    parallel: 10,
    timeoutMs: isAnswered ? 2_000 : 150,
  });
  const got = summary(outcomes, from);
  const wasTold = isUnheard && got === "timeout" && await unreachables(member) > before;
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

    await world.lab.node.output("ip", ["address", "add", `${vip}/32`, "dev", "lo"]);
    const fromItself = async () => {
      const options = { sourceAddress: vip, timeoutMs: 250 };
      return (await world.members.node.connect(vip, 80, options)).result;
    };
    assert.equal(await fromItself(), "answered", "with the node its load balancer's address");
    await program("192.0.2.100/32");
    assert.equal(await fromItself(), "timeout", "without the node it has no right either");
    await program("2001:db8::/64");
    assert.equal(await reach("client"), "timeout", "IPv4 is closed by IPv6 ranges");
    assert.equal(await reach("client", "2001:db8:2::1"), "answered");
    assert.equal(await reach("pod-b", "2001:db8:2::1"), "timeout");

    for (const everybody of [[], ["0.0.0.0/0"], ["192.0.2.1/32", "0.0.0.0/0"], ["nonsense"]]) {
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

/** An address of the node besides its first one. */
const SECOND = { IPv4: "203.0.113.7", IPv6: "2001:db8:3::7" } as const;

kernelTest(
  "Node ports answer on the addresses that they shall answer on, in both families",
  async () => {
    await using world = await ClusterLab.create();
    const objects = FAMILIES.flatMap((family, index) => [
      service(`web-${index}`, {
        clusterIP: family === "IPv4" ? "10.96.0.10" : "fd00:96::10",
        type: "NodePort",
        ports: [{ nodePort: 30080 }],
      }),
      slice(`web-${index}`, [ADDRESSES["pod-a"][index]!]),
    ]);
    const { node, client } = world.members;
    for (const address of [`${SECOND.IPv4}/32`, `${SECOND.IPv6}/128`]) {
      await node.output("ip", ["address", "add", address, "dev", "lo"]);
    }
    const variants: readonly [Settings["nodePortAddresses"] | undefined, ...boolean[]][] = [
      [undefined, true, false],
      ["any", true, true],
      [[SECOND.IPv4, SECOND.IPv6], false, true],
      [[], false, false],
    ];
    for (const [given, ...want] of variants) {
      const addresses = (family: Family) =>
        given === undefined ? {} : {
          nodePortAddresses: given === "any"
            ? given
            : given.filter((one) => one.includes(":") === (family === "IPv6")),
        };
      await world.program(objects, { IPv4: addresses("IPv4"), IPv6: addresses("IPv6") });
      for (const [index, family] of FAMILIES.entries()) {
        const targets = [ADDRESSES.node[index]!, SECOND[family]];
        const answers = targets.map(async (to) =>
          (await client.connect(to, 30080, { timeoutMs: 500 })).result === "answered"
        );
        assert.deepEqual(await Promise.all(answers), want, `${family} ${given}`);
        const loopback = await node.connect(family === "IPv4" ? "127.0.0.1" : "::1", 30080);
        assert.equal(loopback.result, "refused", `${family} ${given}: loopback never`);
      }
    }
  },
);
