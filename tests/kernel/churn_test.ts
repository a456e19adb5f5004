import assert from "node:assert/strict";
import type { Flow, Outcome } from "../../cli/demo/lab.ts";
import { NftSession } from "../../backends/nftables/nft_session.ts";
import { spawnedNft } from "../../backends/nftables/nft.ts";
import { NftablesBackend } from "../../backends/nftables/nftables_backend.ts";
import { withSession } from "../../backends/nftables/session_nft.ts";
import { advance } from "../../model/advance.ts";
import { systemClock } from "../../model/clock.ts";
import { type DesiredState, emptyState } from "../../model/desired_state.ts";
import { type Snapshot, withObject } from "../../model/snapshot.ts";
import { ADDRESSES, ClusterLab } from "../support/cluster_lab.ts";
import { kernelTest } from "../support/kernel.ts";
import { service, settings, slice, snapshotOf } from "../support/objects.ts";

const CHANGES = 2_000;
const OTHERS = 20;

/** A Service whose endpoints stay, among others whose endpoints come and go. */
const STEADY = [
  service("steady", { type: "NodePort", ports: [{ nodePort: 30080 }] }),
  slice("steady", [ADDRESSES["pod-a"][0], ADDRESSES["pod-b"][0]]),
];

function other(index: number, endpoints: number, from: number) {
  const addresses = Array.from(
    { length: endpoints },
    (_, n) => `10.244.77.${(from + n) % 250 + 1}`,
  );
  return slice(`other-${index}`, addresses, { addressType: "IPv4" });
}

/** The change number `step`: grow, shrink, replace, to zero and back, in turns over all others. */
function change(step: number) {
  const sizes = [3, 4, 3, 3, 0, 10, 1];
  const index = step % OTHERS;
  const round = Math.floor(step / OTHERS);
  return other(index, sizes[round % sizes.length] ?? 0, round);
}

/** weir's own parts on the lab's node, one change a transaction. */
class Proxy implements AsyncDisposable {
  readonly #session: NftSession;
  readonly #backend: NftablesBackend;
  snapshot: Snapshot;
  #state: DesiredState;

  constructor(world: ClusterLab, snapshot: Snapshot) {
    const { node } = world.lab;
    this.#session = new NftSession({ command: node.command("nft", ["-i"]) });
    const spawned = spawnedNft({ run: (command, args, rest) => node.exec(command, args, rest) });
    const nft = withSession(spawned, this.#session);
    this.#backend = new NftablesBackend("IPv4", { nft, clock: systemClock });
    this.snapshot = snapshot;
    this.#state = emptyState("IPv4", settings());
  }

  /** Writes everything anew. */
  async applyAll(): Promise<void> {
    await this.#apply("all", true);
  }

  /** Applies one changed slice. */
  async apply(changed: ReturnType<typeof slice>): Promise<void> {
    const touched = new Set<string>();
    this.snapshot = withObject(this.snapshot, changed, touched);
    await this.#apply(touched, false);
  }

  async #apply(services: ReadonlySet<string> | "all", full: boolean): Promise<void> {
    const change = { snapshot: this.snapshot, settings: settings(), services };
    const transition = advance(this.#state, change);
    const report = await this.#backend.apply(transition, { full });
    assert.equal(report.fallback, undefined);
    this.#state = transition.next;
    await this.#backend.tidy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session.close();
  }
}

/** Connections without a pause, from outside, a pod and the node, until told to stop. */
class Traffic {
  readonly outcomes: Outcome[] = [];
  #going = true;
  readonly #running: Promise<unknown>;

  constructor(world: ClusterLab) {
    const { client, remote, node } = world.members;
    this.#running = Promise.all([
      this.#connect(() => client.connectMany("10.96.0.10", 80, 50)),
      this.#connect(() => client.connectMany("192.0.2.10", 30080, 50)),
      this.#connect(() => remote.connectMany("10.96.0.10", 80, 50)),
      this.#connect(() => node.connectMany("10.96.0.10", 80, 50)),
    ]);
  }

  /** Stops and returns how many connections there were; asserts that every one was answered. */
  async end(): Promise<number> {
    this.#going = false;
    await this.#running;
    const failed = this.outcomes.filter(({ result }) => result !== "answered");
    assert.deepEqual(failed, [], `${failed.length} of ${this.outcomes.length} connections failed`);
    return this.outcomes.length;
  }

  async #connect(some: () => Promise<readonly Outcome[]>): Promise<void> {
    while (this.#going) this.outcomes.push(...await some());
  }
}

kernelTest(
  "2,000 changes of other Services, a restart and a full resync fail no connection",
  async () => {
    await using world = await ClusterLab.create();
    const others = Array.from({ length: OTHERS }, (_, index) => [
      service(`other-${index}`, { clusterIP: `10.96.1.${index}` }),
      other(index, 3, 0),
    ]).flat();
    await using proxy = new Proxy(world, snapshotOf(...STEADY, ...others));
    await proxy.applyAll();
    const open: Flow = await world.members.client.open("10.96.0.10", 80);
    assert.equal(open.first.result, "answered");

    const traffic = new Traffic(world);
    for (let step = 0; step < CHANGES; step++) await proxy.apply(change(step));
    const connections = await traffic.end();
    assert.ok(connections > 500, `${connections} connections`);
    assert.deepEqual(await open.ask(), open.first, "the open connection goes on");

    const more = new Traffic(world);
    for (let round = 0; round < 5; round++) await proxy.applyAll();
    for (let round = 0; round < 5; round++) {
      await using restarted = new Proxy(world, proxy.snapshot);
      await restarted.applyAll();
      await restarted.apply(change(round));
    }
    await more.end();
    assert.deepEqual(await open.ask(), open.first, "the open connection goes on");
    await open.close();
  },
);
