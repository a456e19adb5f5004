import assert from "node:assert/strict";
import { ConntrackError } from "../../backends/conntrack/conntrack_error.ts";
import { type ConntrackLoop, conntrackLoop } from "../../daemon/conntrack.ts";
import { createMetrics } from "../../daemon/metrics.ts";
import type { SyncFacts } from "../../daemon/sync_observer.ts";
import { advance } from "../../model/advance.ts";
import { type DesiredState, emptyState } from "../../model/desired_state.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { recordingLog } from "../support/log.ts";
import { service, settings, slice, snapshotOf } from "../support/objects.ts";
import { syncFacts } from "../support/sync_facts.ts";
import { flows, TrackedFlows } from "../support/tracked_flows.ts";

const UDP = [{ name: "", protocol: "UDP", port: 8053 }] as const;
const DNS = service("dns", { ports: [{ protocol: "UDP", port: 53 }] });
const MISSING = new ConntrackError("missing", `Cannot list: "conntrack" cannot be run`);

/** A loop that runs, and the syncs that it is told of. */
class World implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly table = new TrackedFlows();
  readonly metrics = createMetrics();
  readonly recording = recordingLog();
  readonly #loop: ConntrackLoop;
  readonly #stop = new AbortController();
  readonly #running: Promise<void>;
  #state: DesiredState = emptyState("IPv4", settings());

  constructor() {
    const { clock, table, metrics, recording } = this;
    const { log } = recording;
    this.#loop = conntrackLoop({ family: "IPv4", conntrack: table, clock, metrics, log });
    this.#running = this.#loop.run(this.#stop.signal);
  }

  /** Tells of a sync after which the DNS has these endpoints, and lets what it sets in motion happen. */
  async sync(endpoints: readonly string[], mode: SyncFacts["mode"] = "partial"): Promise<void> {
    const snapshot = snapshotOf(DNS, slice("dns", endpoints, { ports: UDP }));
    const change = { snapshot, settings: settings(), services: "all" } as const;
    const transition = advance(this.#state, change);
    this.#state = transition.next;
    this.#loop.observer.derived(transition);
    this.#loop.observer.synced(syncFacts({ mode, services: 1 }));
    await this.clock.advance(0);
  }

  /** Returns the value of a sample of the metrics. */
  async sample(name: string): Promise<string | undefined> {
    const lines = (await this.metrics.text()).split("\n");
    return lines.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }
}

Deno.test("The first sync is followed by a pass at once, and what it did is told", async () => {
  await using world = new World();
  world.table.flows.push(...flows("10.96.0.10:53", "10.244.1.77:8053", 3));
  await world.sync(["10.244.1.1"], "full");
  assert.equal(world.table.lists, 1);
  const family = `{ip_family="IPv4"}`;
  const prefix = "kubeproxy_conntrack_reconciler";
  assert.equal(await world.sample(`${prefix}_deleted_entries_total${family}`), "3");
  assert.equal(await world.sample(`${prefix}_sync_duration_seconds_count${family}`), "1");
  assert.equal(
    await world.sample(
      `weir_conntrack_deleted_entries_total{ip_family="IPv4",` +
        `reason="endpoint-gone"}`,
    ),
    "3",
  );
  assert.deepEqual(world.recording.lines, [
    "INFO  Reconciled UDP flows family=IPv4 flows=3 durationMs=0 endpoint-gone=3",
  ]);
});

Deno.test("Syncs that leave every flow right are followed by none, full ones by one", async () => {
  await using world = new World();
  await world.sync(["10.244.1.1"], "full");
  await world.clock.advance(1_000);
  await world.sync(["10.244.1.1", "10.244.1.2"]);
  await world.clock.advance(60_000);
  assert.equal(world.table.lists, 1);
  await world.sync(["10.244.1.1", "10.244.1.2"], "full");
  assert.equal(world.table.lists, 2);
});

Deno.test("Passes are a second apart, and those that come due meanwhile are one", async () => {
  await using world = new World();
  await world.sync(["10.244.1.1"], "full");
  for (let n = 2; n < 10; n++) await world.sync([`10.244.1.${n}`]);
  await world.clock.advance(999);
  assert.equal(world.table.lists, 1);
  await world.clock.advance(1);
  assert.equal(world.table.lists, 2);
  await world.clock.advance(60_000);
  assert.equal(world.table.lists, 2);
});

Deno.test("After a pass comes a rest of four times the time that reading took", async () => {
  await using world = new World();
  const list = world.table.list.bind(world.table);
  world.table.list = async (family, onFlow) => {
    await world.clock.sleep(7_000);
    await list(family, onFlow);
  };
  await world.sync(["10.244.1.1"], "full");
  await world.clock.advance(7_000);
  await world.sync(["10.244.1.2"]);
  await world.clock.advance(28_999 + 7_000);
  assert.equal(world.table.lists, 1);
  await world.clock.advance(1_001);
  assert.equal(world.table.lists, 2);
});

Deno.test("Deletions that take long make the rest no longer", async () => {
  await using world = new World();
  world.table.flows.push(...flows("10.96.0.10:53", "10.244.1.77:8053"));
  const remove = world.table.delete.bind(world.table);
  world.table.delete = async (family, matches, options) => {
    await world.clock.sleep(60_000);
    await remove(family, matches, options);
  };
  await world.sync(["10.244.1.1"], "full");
  await world.clock.advance(60_000);
  await world.sync(["10.244.1.2"]);
  await world.clock.advance(1_000);
  assert.equal(world.table.lists, 2);
  const family = `{ip_family="IPv4"}`;
  const duration = "kubeproxy_conntrack_reconciler_sync_duration_seconds_sum";
  assert.equal(await world.sample(`${duration}${family}`), "60", "but they count as its duration");
});

Deno.test("A pass that fails is made again, later each time, and nothing is lost", async () => {
  await using world = new World();
  world.table.flows.push(...flows("10.96.0.10:53", "10.244.1.77:8053"));
  world.table.failures.list.push(new Error("out of memory"));
  world.table.failures.delete.push(new Error("busy"));
  await world.sync(["10.244.1.1"], "full");
  await world.clock.advance(1_000);
  assert.deepEqual([world.table.lists, world.table.flows.length], [2, 1]);
  await world.clock.advance(2_000);
  assert.deepEqual([world.table.lists, world.table.flows.length], [3, 0]);
  const [line = ""] = world.recording.lines;
  assert.match(line, /^WARN +Cannot free UDP clients .*"out of memory" retryInMs=1000$/);
  assert.equal(await world.sample(`weir_conntrack_failures_total{ip_family="IPv4"}`), "2");
});

Deno.test("What one pass does not take on is done by the next one soon", async () => {
  await using world = new World();
  const dead = (n: number) => flows("10.96.0.10:53", `10.245.${n >> 8}.${n & 255}:8053`);
  world.table.flows.push(...Array.from({ length: 300 }, (_, n) => dead(n)).flat());
  await world.sync(["10.244.1.1"], "full");
  assert.equal(world.table.flows.length, 44);
  await world.clock.advance(1_000);
  assert.equal(world.table.flows.length, 0);
  await world.clock.advance(60_000);
  assert.equal(world.table.lists, 2);
});

Deno.test("Without the program there is one warning, and a new attempt a minute", async () => {
  await using world = new World();
  world.table.failures.list.push(...Array.from({ length: 10 }, () => MISSING));
  await world.sync(["10.244.1.1"], "full");
  await world.clock.advance(250_000);
  const warnings = () => world.recording.lines.filter((line) => line.startsWith("WARN"));
  assert.equal(warnings().length, 1);
  assert.equal(world.table.lists, 10);
  world.table.flows.push(...flows("10.96.0.10:53", "10.244.1.77:8053"));
  await world.clock.advance(60_000);
  assert.deepEqual(world.table.left, [], "installed at last");
  world.table.failures.list.push(MISSING);
  await world.sync(["10.244.1.2"]);
  assert.equal(warnings().length, 2, "gone again");
});

Deno.test("A pass that is cut short by the end of the daemon is no failure", async () => {
  const world = new World();
  world.table.list = (_family, _onFlow) => {
    void world[Symbol.asyncDispose]();
    return Promise.reject(new Error("killed"));
  };
  await world.sync(["10.244.1.1"], "full");
  await world[Symbol.asyncDispose]();
  assert.deepEqual(world.recording.lines, []);
});
