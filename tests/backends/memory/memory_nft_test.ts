import assert from "node:assert/strict";
import fc from "fast-check";
import type { Evaluation, Packet, Path } from "../../../backends/memory/evaluate.ts";
import { MemoryNft } from "../../../backends/memory/memory_nft.ts";
import { UNKNOWN_TABLE } from "../../../backends/nftables/full_script.ts";
import { NftablesBackend } from "../../../backends/nftables/nftables_backend.ts";
import { advance } from "../../../model/advance.ts";
import { type DesiredState, emptyState, frontends } from "../../../model/desired_state.ts";
import { FAMILIES, type Family } from "../../../model/family.ts";
import type { ClusterObject } from "../../../model/objects.ts";
import { sameRules, type Settings } from "../../../model/settings.ts";
import { type Snapshot, withObject, withoutObject } from "../../../model/snapshot.ts";
import { arbitraryLife, type Moment, type Step } from "../../support/arbitrary_cluster.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { endpoint, service, settings, slice, snapshotOf } from "../../support/objects.ts";
import { nodeOf, packetFrom, PLACES, programmed, summary } from "./_node.ts";

/** A backend on an nft in memory, to which a history can happen. */
class Stage {
  readonly clock = new FakeClock();
  readonly nft = new MemoryNft({ clock: this.clock });
  readonly family: Family;
  #backend: NftablesBackend;
  #settings: Settings;
  #snapshot: Snapshot = snapshotOf();
  state: DesiredState;

  constructor(family: Family) {
    this.family = family;
    this.#backend = new NftablesBackend(family, { nft: this.nft, clock: this.clock });
    this.#settings = settings({}, family);
    this.state = emptyState(family, this.#settings);
  }

  /** Applies what is there now, all of it. */
  async applyAll(): Promise<void> {
    await this.#apply(new Set(), true);
  }

  /** Applies a change, and nothing but the change, unless rules of the schema themselves are others. */
  async take(moment: Moment): Promise<void> {
    const services = new Set<string>();
    const before = this.#settings;
    if (moment.do === "move") this.#settings = settings(moment.node[this.family], this.family);
    else if (moment.do === "upsert") {
      this.#snapshot = withObject(this.#snapshot, moment.object, services);
    } else this.#snapshot = withoutObject(this.#snapshot, moment.kind, moment.key, services);
    const report = await this.#apply(services, false);
    const mode = sameRules(before, this.#settings) ? "partial" : "full";
    assert.deepEqual([report.mode, report.fallback], [mode, undefined]);
  }

  /** Derives and applies everything anew, as a process that is started over the rules of another one. */
  async restart(): Promise<void> {
    this.#backend = new NftablesBackend(this.family, { nft: this.nft, clock: this.clock });
    this.state = this.fresh();
    await this.applyAll();
  }

  /** Returns the state that somebody would derive who sees the cluster for the first time. */
  fresh(): DesiredState {
    const change = { snapshot: this.#snapshot, settings: this.#settings, services: "all" } as const;
    return advance(emptyState(this.family, this.#settings), change).next;
  }

  async tidy(): Promise<void> {
    await this.#backend.tidy();
  }

  async upsert(...objects: readonly ClusterObject[]): Promise<void> {
    for (const object of objects) await this.take({ do: "upsert", object });
  }

  async #apply(services: ReadonlySet<string>, full: boolean) {
    const change = { snapshot: this.#snapshot, settings: this.#settings, services };
    const transition = advance(this.state, change);
    const report = await this.#backend.apply(transition, { full });
    this.state = transition.next;
    return report;
  }
}

/** Returns packets from all places to all frontends of a state, and to places that have none. */
function packetsFor(state: DesiredState): readonly Packet[] {
  const { node } = PLACES[state.family];
  const isIPv4 = state.family === "IPv4";
  const known = [...frontends(state)].map(({ address, protocol, port }) => ({
    protocol,
    destination: address === "" ? node : address,
    port,
  }));
  const others = (isIPv4 ? ["10.96.0.1", "10.96.0.200", node] : ["fd00:96::1", "fd00:96::99", node])
    .map((destination) => ({ protocol: "TCP" as const, destination, port: 99 }));
  return [...known, ...others].flatMap((target) =>
    (["pod", "host", "outside"] as const).map((origin) => packetFrom(origin, target))
  );
}

Deno.test("After any history of partial applies, packets fare as after one full apply", async () => {
  const property = fc.asyncProperty(
    arbitraryLife(),
    fc.constantFrom(...FAMILIES),
    fc.array(fc.nat(29), { maxLength: 4 }),
    async (life, family, pauses) => {
      const stage = new Stage(family);
      await stage.applyAll();
      for (const [index, moment] of life.entries()) {
        await stage.take(moment);
        if (!pauses.includes(index)) continue;
        await stage.clock.advance(1_000);
        await stage.tidy();
      }
      const [same, anew] = await Promise.all([stage.state, stage.fresh()].map(programmed));
      for (const packet of packetsFor(stage.state)) {
        const stepwise = stage.nft.evaluate(packet, nodeOf(family));
        assert.deepEqual(stepwise, same?.evaluate(packet, nodeOf(family)));
        assert.deepEqual(fateOf(stepwise), anew && fateOf(anew.evaluate(packet, nodeOf(family))));
        assert.notEqual(stepwise.verdict, "mixed");
      }
    },
  );
  await fc.assert(property, { numRuns: 50 });
});

/** What becomes of a packet, without the slots that endpoints happen to have. */
function fateOf({ verdict, paths }: Evaluation): unknown {
  const ends = paths.map(({ destination, port, masquerade, probability }) =>
    [destination, port, masquerade, probability].join(" ")
  );
  return [verdict, ends.sort()];
}

Deno.test("When all that is unused has been tidied up, the table is the one that a full apply makes", async () => {
  const property = fc.asyncProperty(
    arbitraryLife(),
    fc.constantFrom(...FAMILIES),
    async (life, family) => {
      const stage = new Stage(family);
      await stage.applyAll();
      for (const moment of life) await stage.take(moment);
      await stage.clock.advance(2_000);
      await stage.tidy();
      const fresh = await programmed(stage.state);
      assert.deepEqual(contents(stage.nft), contents(fresh));
      await stage.applyAll();
      assert.deepEqual(contents(stage.nft), contents(fresh));
      await stage.restart();
      await stage.clock.advance(2_000);
      await stage.tidy();
      assert.deepEqual(contents(stage.nft), contents(await programmed(stage.fresh())));
    },
  );
  await fc.assert(property, { numRuns: 40 });
});

/** Returns all that a ruleset holds, in an order that depends on the contents only. */
function contents(nft: MemoryNft): readonly string[] {
  return [...nft.ruleset].flatMap(([key, { chains, collections }]) => [
    ...[...chains.values()].map(({ name, base, rules }) =>
      JSON.stringify([key, name, base ?? null, rules.map(({ text }) => text)])
    ),
    ...[...collections.values()].map(({ name, body, buckets }) => {
      const elements = [...buckets.values()].flat().map((element) => JSON.stringify(element));
      return [key, name, body, ...elements.sort()].join(" ");
    }),
  ]).sort();
}

Deno.test("Wherever clients stick, it is an endpoint that they could get anew", async () => {
  let stuck = 0;
  const property = fc.asyncProperty(
    fc.constantFrom(...FAMILIES).chain((family) =>
      fc.tuple(fc.constant(family), stickyHistory(family))
    ),
    fc.nat(),
    fc.constantFrom(0, 1_000),
    async ([family, history], chance, pause) => {
      const stage = new Stage(family);
      await stage.applyAll();
      for (const step of history) {
        await stage.take(step);
        await stage.clock.advance(pause);
        await stage.tidy();
        const fresh = await programmed(stage.state);
        for (const packet of packetsFor(stage.state)) {
          const { verdict, paths } = stage.nft.evaluate(packet, nodeOf(family));
          const possible = fresh.evaluate(packet, nodeOf(family));
          assert.equal(verdict, possible.verdict);
          const goals = new Set(possible.paths.map(goalOf));
          for (const path of paths) assert.ok(goals.has(goalOf(path)), goalOf(path));
          if (paths.length < possible.paths.length) stuck++;
          const path = paths[chance % paths.length];
          if (path !== undefined) stage.nft.follow(path, family);
        }
      }
    },
  );
  await fc.assert(property, { numRuns: 40 });
  assert.ok(stuck > 0, "no client stuck to any endpoint");
});

function goalOf({ destination, port }: Path): string {
  return `${destination} ${port}`;
}

/** Histories of one Service with session affinity whose policies and endpoints change. */
function stickyHistory(family: Family): fc.Arbitrary<readonly Step[]> {
  const isIPv4 = family === "IPv4";
  const policy = fc.constantFrom("Cluster", "Local");
  const web = fc.record({ internalTrafficPolicy: policy, externalTrafficPolicy: policy })
    .map((policies) =>
      service("web", {
        ...STICKY,
        ...policies,
        clusterIP: isIPv4 ? "10.96.0.10" : "fd00:96::10",
        type: "NodePort",
        ports: [{ nodePort: 30080 }],
      })
    );
  const conditions = fc.record({
    ready: fc.boolean(),
    terminating: fc.boolean(),
    nodeName: fc.constantFrom("node-a", "node-b"),
  });
  const endpoints = fc.array(fc.option(conditions), { minLength: 1, maxLength: 5 }).map((all) =>
    slice(
      "web",
      all.flatMap((one, index) =>
        one === null ? [] : [endpoint((isIPv4 ? "10.244.1." : "fd00:244::") + (index + 1), one)]
      ),
      { addressType: family },
    )
  );
  const change = fc.oneof(
    { weight: 1, arbitrary: web },
    { weight: 3, arbitrary: endpoints },
  ).map((object): Step => ({ do: "upsert", object }));
  const start = web.map((object): Step => ({ do: "upsert", object }));
  return fc.tuple(start, fc.array(change, { minLength: 2, maxLength: 10 }))
    .map(([first, rest]) => [first, ...rest]);
}

const STICKY = { sessionAffinity: "ClientIP", affinitySeconds: 10 } as const;

async function stickyStage(): Promise<{ stage: Stage; packet: Packet }> {
  const stage = new Stage("IPv4");
  await stage.applyAll();
  await stage.upsert(
    service("web", { ...STICKY, type: "NodePort", ports: [{ nodePort: 30080 }] }),
    slice("web", ["10.244.1.5", "10.244.1.6", "10.244.1.7"]),
  );
  const packet = packetFrom("pod", { protocol: "TCP", destination: "10.96.0.10", port: 80 });
  return { stage, packet };
}

Deno.test("A client that was followed keeps its endpoint, by every frontend, until its time is over", async () => {
  const { stage, packet } = await stickyStage();
  const ask = (one: Packet) => summary(stage.nft.evaluate(one, nodeOf("IPv4")));
  const all = "10.244.1.5, 10.244.1.6, 10.244.1.7";
  assert.equal(ask(packet), all);
  const second = stage.nft.evaluate(packet, nodeOf("IPv4")).paths
    .find(({ destination }) => destination === "10.244.1.6");
  assert.ok(second);
  stage.nft.follow(second, "IPv4");
  assert.equal(ask(packet), "10.244.1.6");
  const nodePort = { ...packet, destination: PLACES.IPv4.node, port: 30080 };
  assert.equal(ask(nodePort), "10.244.1.6 masqueraded");
  assert.equal(ask({ ...packet, source: "10.244.1.10" }), all);
  await stage.clock.advance(9_999);
  assert.equal(ask(packet), "10.244.1.6");
  await stage.clock.advance(1);
  assert.equal(ask(packet), all);
});

Deno.test("A full apply leaves a client its endpoint; when that one goes, the client gets another", async () => {
  const { stage, packet } = await stickyStage();
  const [path] = stage.nft.evaluate(packet, nodeOf("IPv4")).paths;
  assert.ok(path);
  stage.nft.follow(path, "IPv4");
  await stage.applyAll();
  assert.equal(summary(stage.nft.evaluate(packet, nodeOf("IPv4"))), path.destination);
  const others = ["10.244.1.5", "10.244.1.6", "10.244.1.7"].filter((x) => x !== path.destination);
  await stage.upsert(slice("web", others));
  assert.equal(summary(stage.nft.evaluate(packet, nodeOf("IPv4"))), others.join(", "));
});

Deno.test("inspect() finds what a full apply needs to know, and that a table is another version's", async () => {
  const nft = new MemoryNft({ clock: new FakeClock() });
  assert.deepEqual(await nft.inspect("IPv4"), { ...UNKNOWN_TABLE, absent: true });
  await nft.apply(["add table ip weir\n", "add chain ip weir old\n"]);
  assert.equal((await nft.inspect("IPv4")).outdated, true);
  assert.equal((await nft.inspect("IPv6")).outdated, false);
  const { stage } = await stickyStage();
  const { outdated, parts } = await stage.nft.inspect("IPv4");
  assert.equal(outdated, false);
  assert.ok(parts.has("chain tcp-lb-3"));
});

Deno.test("The first apply beside kube-proxy's table takes its place", async () => {
  const stage = new Stage("IPv4");
  await stage.nft.apply([
    "add table ip kube-proxy\n",
    "add chain ip kube-proxy filter-forward { type filter hook forward priority 0 ; }\n",
    "add rule ip kube-proxy filter-forward drop\n",
  ]);
  const packet = packetFrom("pod", { protocol: "TCP", destination: "10.96.0.10", port: 80 });
  assert.equal(stage.nft.evaluate(packet, nodeOf("IPv4")).verdict, "drop");
  await stage.applyAll();
  await stage.upsert(service("web"), slice("web", ["10.244.1.5"]));
  assert.equal(summary(stage.nft.evaluate(packet, nodeOf("IPv4"))), "10.244.1.5");
  assert.deepEqual([...stage.nft.ruleset.keys()], ["ip weir"]);
});

Deno.test("An apply that is aborted before it begins changes nothing", async () => {
  const nft = new MemoryNft({ clock: new FakeClock() });
  await assert.rejects(nft.apply(["add table ip weir\n"], AbortSignal.abort()), {
    name: "AbortError",
  });
  assert.equal(nft.ruleset.size, 0);
});
