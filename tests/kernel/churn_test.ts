import assert from "node:assert/strict";
import type { Flow, Outcome } from "../../cli/demo/lab.ts";
import { NftSession } from "../../backends/nftables/nft_session.ts";
import { spawnedNft } from "../../backends/nftables/nft.ts";
import { NftablesBackend } from "../../backends/nftables/nftables_backend.ts";
import { withSession } from "../../backends/nftables/session_nft.ts";
import { advance } from "../../model/advance.ts";
import { systemClock } from "../../model/clock.ts";
import { type DesiredState, emptyState } from "../../model/desired_state.ts";
import { FAMILIES, type Family } from "../../model/family.ts";
import type { EndpointSliceObject } from "../../model/objects.ts";
import { type Snapshot, withObject } from "../../model/snapshot.ts";
import { ADDRESSES, ClusterLab } from "../support/cluster_lab.ts";
import { kernelTest } from "../support/kernel.ts";
import { service, settings, slice, snapshotOf } from "../support/objects.ts";

const CHANGES = 2_000;
const OTHERS = 20;
const NODE_PORT = 30080;
const STEADY_IP = { IPv4: "10.96.0.10", IPv6: "fd00:96::10" } as const;

/** A Service of each family whose endpoints stay, among others whose endpoints come and go. */
const STEADY = FAMILIES.flatMap((family, index) => [
  service(`steady-${family}`, {
    clusterIP: STEADY_IP[family],
    type: "NodePort",
    ports: [{ nodePort: NODE_PORT }],
  }),
  slice(`steady-${family}`, [ADDRESSES["pod-a"][index]!, ADDRESSES["pod-b"][index]!]),
]);

/** The other Services at the start. */
const OTHER_OBJECTS = FAMILIES.flatMap((family) =>
  Array.from({ length: OTHERS }, (_, index) => [
    service(`other-${family}-${index}`, {
      clusterIP: (family === "IPv4" ? "10.96.1." : "fd00:96::1:") + index,
    }),
    other(family, index, 3, 0),
  ]).flat()
);

function other(family: Family, index: number, endpoints: number, from: number) {
  const prefix = family === "IPv4" ? "10.244.77." : "fd00:244::77:";
  const addresses = Array.from({ length: endpoints }, (_, n) => `${prefix}${(from + n) % 250 + 1}`);
  return slice(`other-${family}-${index}`, addresses, { addressType: family });
}

/** The change number `step`: grow, shrink, replace, to zero and back, in turns over both families and all others. */
function change(step: number): [Family, EndpointSliceObject] {
  const sizes = [3, 4, 3, 3, 0, 10, 1];
  const family = FAMILIES[step % 2]!;
  const turn = Math.floor(step / 2);
  const round = Math.floor(turn / OTHERS);
  return [family, other(family, turn % OTHERS, sizes[round % sizes.length] ?? 0, round)];
}

/** weir's own parts on the lab's node, one change a transaction. */
class Proxy implements AsyncDisposable {
  readonly #session: NftSession;
  readonly #backends: Readonly<Record<Family, NftablesBackend>>;
  readonly #states = new Map<Family, DesiredState>();
  snapshot: Snapshot;

  constructor(world: ClusterLab, snapshot: Snapshot) {
    const { node } = world.lab;
    this.#session = new NftSession({ command: node.command("nft", ["-i"]) });
    const spawned = spawnedNft({ run: (command, args, rest) => node.exec(command, args, rest) });
    const nft = withSession(spawned, this.#session);
    const backend = (family: Family) => new NftablesBackend(family, { nft, clock: systemClock });
    this.#backends = { IPv4: backend("IPv4"), IPv6: backend("IPv6") };
    this.snapshot = snapshot;
  }

  /** Writes everything anew. */
  async applyAll(): Promise<void> {
    for (const family of FAMILIES) await this.#apply(family, "all", true);
  }

  /** Applies one changed slice. */
  async apply([family, changed]: readonly [Family, EndpointSliceObject]): Promise<void> {
    const touched = new Set<string>();
    this.snapshot = withObject(this.snapshot, changed, touched);
    await this.#apply(family, touched, false);
  }

  async #apply(family: Family, services: ReadonlySet<string> | "all", full: boolean) {
    const current = settings({}, family);
    const state = this.#states.get(family) ?? emptyState(family, current);
    const transition = advance(state, { snapshot: this.snapshot, settings: current, services });
    const report = await this.#backends[family].apply(transition, { full });
    assert.deepEqual([report.mode, report.fallback], [full ? "full" : "partial", undefined]);
    this.#states.set(family, transition.next);
    await this.#backends[family].tidy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.close();
  }
}

/** Who connects to what: a client outside, a pod and the node, to the cluster IP and the node port of both families. */
function ways({ members: { client, remote, node } }: ClusterLab) {
  const [ipv4, ipv6] = ADDRESSES.node;
  return [
    [client, STEADY_IP.IPv4, 80],
    [client, ipv6, NODE_PORT],
    [remote, STEADY_IP.IPv6, 80],
    [client, ipv4, NODE_PORT],
    [node, STEADY_IP.IPv4, 80],
  ] as const;
}

/** New connections without a pause, and data without a pause on those that are open, until told to stop. */
class Traffic {
  readonly #outcomes: Outcome[] = [];
  readonly #broken: Outcome[] = [];
  #answers = 0;
  #going = true;
  readonly #running: Promise<unknown>;

  constructor(world: ClusterLab, open: readonly Flow[]) {
    this.#running = Promise.all([
      this.#connect(ways(world)),
      ...open.map((flow) => this.#talk(flow)),
    ]);
  }

  /** Stops, asserts that nothing failed, and returns how many connections and how many answers there were. */
  async end(): Promise<{ connections: number; answers: number }> {
    this.#going = false;
    await this.#running;
    const failed = this.#outcomes.filter(({ result }) => result !== "answered");
    assert.deepEqual(failed, [], `${failed.length} of ${this.#outcomes.length} connections failed`);
    assert.deepEqual(this.#broken, [], "open connections broke");
    return { connections: this.#outcomes.length, answers: this.#answers };
  }

  /**
   * Connects by one way after the other: by all of them at once would only slow the changes down. A packet that is lost
   * is sent again after a second: that would be too late.
   */
  async #connect(all: ReturnType<typeof ways>): Promise<void> {
    for (let turn = 0; this.#going; turn++) {
      const [from, address, port] = all[turn % all.length]!;
      this.#outcomes.push(...await from.connectMany(address, port, 10, { timeoutMs: 900 }));
    }
  }

  /** The same server must see the same client at every question. */
  async #talk(flow: Flow): Promise<void> {
    while (this.#going) {
      const outcome = await flow.ask();
      if (JSON.stringify(outcome) === JSON.stringify(flow.first)) this.#answers++;
      else return void this.#broken.push(outcome);
      await systemClock.sleep(50);
    }
  }
}

kernelTest(
  "2,000 changes of other Services, a restart and a full resync fail no connection and break none",
  async () => {
    await using world = await ClusterLab.create();
    await using proxy = new Proxy(world, snapshotOf(...STEADY, ...OTHER_OBJECTS));
    await proxy.applyAll();
    const open = await Promise.all(
      ways(world).map(([from, address, port]) => from.open(address, port, { timeoutMs: 900 })),
    );
    for (const { first } of open) assert.equal(first.result, "answered");

    const during: [string, () => Promise<void>][] = [
      ["changes", async () => {
        for (let step = 0; step < CHANGES; step++) await proxy.apply(change(step));
      }],
      ["full resyncs", async () => {
        for (let round = 0; round < 3; round++) await proxy.applyAll();
      }],
      ["restarts", async () => {
        for (let round = 0; round < 3; round++) {
          await using restarted = new Proxy(world, proxy.snapshot);
          await restarted.applyAll();
          await restarted.apply(change(round));
        }
      }],
    ];
    for (const [what, happen] of during) {
      const traffic = new Traffic(world, open);
      await happen();
      const { connections, answers } = await traffic.end();
      assert.ok(connections >= 50, `${what}: only ${connections} connections`);
      assert.ok(answers >= open.length, `${what}: only ${answers} answers on open connections`);
    }
    for (const flow of open) assert.deepEqual(await flow.ask(), flow.first);
  },
);
