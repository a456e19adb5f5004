import assert from "node:assert/strict";
import { Lab, type Namespace, type Outcome, tally, type Transport } from "../../cli/demo/lab.ts";
import { guestBatch, interfaceOf, joinBatch } from "../../cli/demo/wiring.ts";

interface Cast {
  readonly lab: Lab;
  readonly podA: Namespace;
  readonly podB: Namespace;
  readonly client: Namespace;
}

async function cast(): Promise<Cast & AsyncDisposable> {
  const lab = await Lab.create();
  try {
    const [podA, podB, client] = await Promise.all([
      lab.addPod({ name: "pod-a", addresses: ["10.244.1.5", "fd00:244::1:5"] }),
      lab.addPod({ name: "pod-b", addresses: ["10.244.2.6", "fd00:244::2:6"] }),
      lab.addClient({ name: "client", addresses: ["192.0.2.100", "2001:db8::100"] }),
    ]);
    return { lab, podA, podB, client, [Symbol.asyncDispose]: () => lab.close() };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

function seen(outcome: Outcome): string {
  return outcome.result === "answered" ? `${outcome.server} saw ${outcome.source}` : outcome.result;
}

Deno.test("pods, node and client reach each other over TCP and UDP, IPv4 and IPv6, unaltered", async () => {
  await using all = await cast();
  const { lab: { node }, podA, podB, client } = all;
  for (const protocol of ["TCP", "UDP"] as const) {
    await Promise.all([podA, podB, node].map((server) => server.serve(8080, { protocol })));
  }
  const rows: readonly { from: Namespace; to: Namespace }[] = [
    { from: podA, to: podB },
    { from: podB, to: podA },
    { from: podA, to: node },
    { from: node, to: podA },
    { from: client, to: podB },
    { from: client, to: node },
    { from: podA, to: podA },
  ];
  for (const { from, to } of rows) {
    for (const protocol of ["TCP", "UDP"] as const) {
      for (const [index, address] of to.addresses.entries()) {
        const outcome = await from.connect(address, 8080, { protocol });
        const want = `${to.name} saw ${from.addresses[index]}`;
        assert.equal(seen(outcome), want, `${from.name} to ${to.name}, ${protocol}, ${address}`);
      }
    }
  }
});

Deno.test("a client tells refused from dropped from unreachable, for TCP and UDP, IPv4 and IPv6", async () => {
  await using all = await cast();
  const { lab: { node }, podA, client } = all;
  await node.output("nft", ["-f", "-"], { stdin: [verdictRules("ip"), verdictRules("ip6")] });
  const rows: readonly { port: number; want: string }[] = [
    { port: 1000, want: "refused" }, // nobody listens
    { port: 1001, want: "refused" }, // nft reject
    { port: 1002, want: "timeout" }, // nft drop
    { port: 1003, want: "unreachable" }, // nft reject with another code
  ];
  for (const from of [client, node]) {
    for (const { port, want } of rows) {
      for (const protocol of ["TCP", "UDP"] as const) {
        for (const address of podA.addresses) {
          const outcome = await from.connect(address, port, { protocol, timeoutMs: 150 });
          assert.equal(seen(outcome), want, `${from.name} to ${address} ${protocol} ${port}`);
        }
      }
    }
  }
});

function verdictRules(family: "ip" | "ip6"): string {
  const code = family === "ip" ? "icmp type host-unreachable" : "icmpv6 type addr-unreachable";
  const rules = `
    th dport 1001 reject
    th dport 1002 drop
    th dport 1003 reject with ${code}
`;
  return `table ${family} lab-test {
  chain forward { type filter hook forward priority 0
    ${rules}
  }
  chain output { type filter hook output priority 0
    ${rules}
  }
}
`;
}

Deno.test("addresses that belong to nobody swallow packets, from pods and from the node", async () => {
  await using all = await cast();
  for (const from of [all.podA, all.lab.node]) {
    for (const address of ["10.96.0.10", "fd00:96::10"]) {
      const outcome = await from.connect(address, 80, { timeoutMs: 100 });
      assert.equal(seen(outcome), "timeout", `${from.name} to ${address}`);
    }
  }
});

Deno.test("rejects are answered without a limit on their rate", async () => {
  await using all = await cast();
  const outcomes = await all.client.connectMany("10.244.1.5", 1000, 300, { protocol: "UDP" });
  assert.deepEqual(tally(outcomes), new Map([["refused", 300]]));
});

Deno.test("a client chooses its source address and port", async () => {
  await using lab = await Lab.create();
  const addresses = ["192.0.2.100", "192.0.2.101"];
  const client = await lab.addClient({ name: "client", addresses });
  await lab.node.serve(8080);
  const options = { sourceAddress: "192.0.2.101", sourcePort: 45_678 };
  const want: Outcome = {
    result: "answered",
    server: "node",
    source: "192.0.2.101",
    sourcePort: 45_678,
  };
  assert.deepEqual(await client.connect("192.0.2.10", 8080, options), want);
  assert.deepEqual(await client.connect("192.0.2.10", 8080, options), want, "and again at once");
});

Deno.test("a flow stays open until its server stops", async () => {
  await using lab = await Lab.create();
  const pod = await lab.addPod({ name: "pod", addresses: ["10.244.1.5"] });
  const gone: readonly { protocol: Transport; want: string }[] = [
    { protocol: "TCP", want: "reset" },
    { protocol: "UDP", want: "refused" },
  ];
  for (const { protocol, want } of gone) {
    await pod.serve(8080, { protocol, name: "first" });
    const flow = await lab.node.open("10.244.1.5", 8080, { protocol });
    assert.equal(seen(flow.first), "first saw 192.0.2.10");
    assert.deepEqual(await flow.ask(), flow.first, "the same five-tuple");
    await pod.unserve(8080, { protocol });
    let after = seen(await flow.ask());
    // the ICMP error of one datagram may get lost on a busy machine, not that of three
    for (let more = 0; more < 2 && after === "timeout"; more++) after = seen(await flow.ask());
    assert.equal(after, want);
    await flow.close();
  }
});

Deno.test("a server goes on when clients give up before it has accepted them", async () => {
  await using lab = await Lab.create();
  const pod = await lab.addPod({ name: "pod", addresses: ["10.244.1.5"] });
  await pod.serve(8080);
  await lab.node.connectMany("10.244.1.5", 8080, 300, { timeoutMs: 0, parallel: 30 });
  assert.equal(seen(await lab.node.connect("10.244.1.5", 8080)), "pod saw 192.0.2.10");
});

Deno.test("a guest that was removed leaves no interface, and its name is free again", async () => {
  await using lab = await Lab.create();
  const spec = { name: "pod", addresses: ["10.244.1.5"], interface: "veth-pod" };
  await lab.remove(await lab.addPod(spec));
  await lab.addPod(spec);
  const links = JSON.parse(await lab.node.output("ip", ["-json", "link", "show"]));
  assert.deepEqual(
    links.map((link: { ifname: string }) => link.ifname).toSorted(),
    ["lo", "nowhere", "uplink", "veth-pod"],
  );
});

Deno.test("closing a lab ends its processes, also the ones started by its users", async () => {
  const lab = await Lab.create();
  const pod = await lab.addPod({ name: "pod", addresses: ["10.244.1.5"] });
  const child = pod.spawn("sleep", ["60"], { stdout: "null", stderr: "null" });
  await lab.close();
  assert.equal((await child.status).signal, "SIGKILL");
  const entered = await new Deno.Command("nsenter", {
    args: [`--target=${pod.pid}`, "--net", "true"],
    stderr: "null",
  }).output();
  assert.notEqual(entered.code, 0, "the holder is gone");
});

Deno.test("a second guest of the same name is refused and does not disturb the first", async () => {
  await using lab = await Lab.create();
  const pod = await lab.addPod({ name: "pod", addresses: ["10.244.1.5"] });
  await assert.rejects(lab.addPod({ name: "pod", addresses: ["10.244.1.6"] }), /has a guest/);
  await pod.serve(8080);
  assert.equal(seen(await lab.node.connect("10.244.1.5", 8080)), "pod saw 192.0.2.10");
});

Deno.test("an IPv4 guest of a dual-stack node gets IPv4 only", () => {
  const guest = { name: "a", addresses: ["10.244.1.5"] };
  const lines = guestBatch(guest, ["192.0.2.10", "2001:db8::10"]);
  assert.doesNotMatch(lines, /:/);
  assert.match(lines, /route add 0\.0\.0\.0\/0 via 192\.0\.2\.10 dev eth0/);
});

Deno.test("an interface is named after its guest, even if the name is a word of ip(8)", () => {
  const guest = { name: "address", addresses: ["10.244.1.5"] };
  assert.match(
    joinBatch(guest, 7, []),
    /^link add name address type veth peer name eth0 netns 7$/m,
  );
  assert.throws(() => interfaceOf({ name: "a-name-that-is-too-long", addresses: [] }), RangeError);
});
