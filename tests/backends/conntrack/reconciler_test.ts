import assert from "node:assert/strict";
import { spawnedConntrack } from "../../../backends/conntrack/conntrack.ts";
import type { Flow } from "../../../backends/conntrack/flow.ts";
import { Reconciler } from "../../../backends/conntrack/reconciler.ts";
import type { StreamProcess } from "../../../backends/stream_process.ts";
import { advance, type Transition } from "../../../model/advance.ts";
import { type DesiredState, emptyState } from "../../../model/desired_state.ts";
import type { ClusterObject, ServiceObject } from "../../../model/objects.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { service, settings, slice, snapshotOf } from "../../support/objects.ts";
import { flows, interruption, TrackedFlows } from "../../support/tracked_flows.ts";

const UDP = [{ name: "", protocol: "UDP", port: 8053 }] as const;

function dns(changes: Partial<Omit<ServiceObject, "ports">> = {}): ServiceObject {
  return service("dns", {
    type: "NodePort",
    ports: [{ protocol: "UDP", port: 53, nodePort: 30053 }],
    ...changes,
  });
}

function behind(...endpoints: readonly string[]): ClusterObject {
  return slice("dns", endpoints, { ports: UDP, addressType: "IPv4" });
}

/** Returns flows to as many endpoints, none of which the Service has. */
function deadFlows(destination: string, count: number): readonly Flow[] {
  return Array.from({ length: count }, (_, n) => {
    return flows(destination, `10.245.${n >> 8}.${n & 255}:8053`);
  }).flat();
}

/** A reconciler and the table that it looks after, led through the states of a cluster. */
class World {
  readonly clock = new FakeClock();
  readonly table: TrackedFlows;
  readonly reconciler: Reconciler;
  #state: DesiredState = emptyState("IPv4", settings());

  constructor(table = new TrackedFlows()) {
    this.table = table;
    this.reconciler = new Reconciler({ family: "IPv4", conntrack: table, clock: this.clock });
  }

  /** Derives the state of a cluster that holds `objects`; it is not in force yet. */
  derive(...objects: readonly ClusterObject[]): Transition {
    const change = { snapshot: snapshotOf(...objects), settings: settings() };
    const transition = advance(this.#state, { ...change, services: "all" });
    this.#state = transition.next;
    this.reconciler.derived(transition);
    return transition;
  }

  /** Puts the state of such a cluster into force, and returns whether a pass is due. */
  sync(...objects: readonly ClusterObject[]): boolean {
    this.derive(...objects);
    return this.reconciler.synced();
  }

  /** Makes a pass, and returns what it deleted. */
  async pass(): Promise<Record<string, number>> {
    const report = await this.reconciler.reconcile();
    return Object.fromEntries(report?.deleted ?? []);
  }
}

Deno.test("Before the first sync nothing is looked at", async () => {
  const world = new World();
  world.derive(dns(), behind("10.244.1.1"));
  assert.equal(await world.reconciler.reconcile(), undefined);
  assert.equal(world.table.lists, 0);
});

Deno.test("After a start only what is wrong is deleted", async () => {
  const right = [
    ...flows("10.96.0.10:53", "10.244.1.1:8053", 3),
    ...flows("192.0.2.10:30053", "10.244.1.1:8053"),
    ...flows("8.8.8.8:53", "8.8.8.8:53"),
    ...flows("192.0.2.10:31000", "10.244.1.9:9000"),
  ];
  const wrong = [
    ...flows("10.96.0.10:53", "10.244.1.77:8053", 2),
    ...flows("10.96.0.10:53", "10.96.0.10:53"),
    ...flows("10.96.0.99:53", "10.244.1.1:8053"),
  ];
  const world = new World(new TrackedFlows([...wrong, ...right]));
  world.sync(dns(), behind("10.244.1.1"));
  const report = await world.reconciler.reconcile();
  assert.deepEqual(Object.fromEntries(report?.deleted ?? []), {
    "endpoint-gone": 2,
    "not-translated": 1,
    "frontend-gone": 1,
  });
  assert.equal(report?.flows, 10);
  assert.equal(report?.isUnfinished, false);
  assert.deepEqual(world.table.flows, right);
});

Deno.test("A pass is due when flows may have become wrong, and asked for once", () => {
  const world = new World();
  assert.equal(world.sync(dns(), behind("10.244.1.1")), true);
  assert.equal(world.reconciler.synced(), false);
  assert.equal(world.sync(dns(), behind("10.244.1.1", "10.244.1.2")), false);
  world.derive(dns(), behind("10.244.1.2"));
  assert.equal(world.sync(dns(), behind("10.244.1.2")), true, "the sync before had failed");
});

Deno.test("All flows to one endpoint go at once, and all flows of a Service without any", async () => {
  const world = new World(
    new TrackedFlows([
      ...flows("10.96.0.10:53", "10.244.1.1:8053", 500),
      ...flows("10.96.0.10:53", "10.244.1.2:8053", 500),
    ]),
  );
  world.sync(dns(), behind("10.244.1.1"));
  assert.deepEqual(await world.pass(), { "endpoint-gone": 500 });
  world.sync(dns(), behind());
  assert.deepEqual(await world.pass(), { "no-endpoints": 500 });
  assert.deepEqual(world.table.deletions, [
    [{
      destination: "10.96.0.10",
      destinationPort: 53,
      replySource: "10.244.1.2",
      replySourcePort: 8053,
    }],
    [{ destination: "10.96.0.10", destinationPort: 53 }],
  ]);
});

Deno.test("Flows of a frontend that is gone are deleted, those of its next owner are not", async () => {
  const world = new World(
    new TrackedFlows([
      ...flows("198.51.100.1:53", "10.244.1.1:8053"),
      ...flows("192.0.2.10:30053", "10.244.1.1:8053"),
    ]),
  );
  world.sync(dns({ externalIPs: ["198.51.100.1"] }), behind("10.244.1.1"));
  assert.deepEqual(await world.pass(), {});
  world.sync(dns(), behind("10.244.1.1"));
  assert.deepEqual(await world.pass(), { "frontend-gone": 1 });
  world.table.flows.push(...flows("198.51.100.1:53", "10.99.0.1:53"));
  world.sync(dns(), behind());
  assert.deepEqual(await world.pass(), { "no-endpoints": 1 });
  assert.deepEqual(world.table.left, ["198.51.100.1:53 > 10.99.0.1:53"]);
});

Deno.test("A pass that fails loses nothing: the next one does its work", async () => {
  const world = new World();
  world.sync(dns({ externalIPs: ["198.51.100.1"] }), behind("10.244.1.1"));
  await world.pass();
  world.table.flows.push(...flows("198.51.100.1:53", "10.244.1.1:8053"));
  world.sync(dns(), behind("10.244.1.1"));
  world.table.failures.list.push(new Error("no memory"));
  await assert.rejects(world.reconciler.reconcile(), /no memory/);
  world.table.failures.delete.push(new Error("busy"));
  const report = await world.reconciler.reconcile();
  assert.match(String(report?.failure), /busy/);
  assert.deepEqual(await world.pass(), { "frontend-gone": 1 });
});

Deno.test("What was deleted before a failure counts", async () => {
  const world = new World(
    new TrackedFlows([
      ...flows("10.96.0.10:53", "10.244.1.77:8053", 4),
      ...flows("10.96.0.10:53", "10.244.1.78:8053"),
    ]),
  );
  world.sync(dns(), behind("10.244.1.1"));
  let attempts = 0;
  world.table.onDelete = () => {
    if (++attempts === 2) throw new Error("busy");
  };
  const report = await world.reconciler.reconcile();
  assert.deepEqual([...report?.deleted ?? []], [["endpoint-gone", 4]]);
  assert.match(String(report?.failure), /busy/);
});

Deno.test("A call that the kernel interrupts is made again, five times in all", async () => {
  const world = new World(new TrackedFlows(flows("10.96.0.10:53", "10.244.1.77:8053", 3)));
  world.sync(dns(), behind("10.244.1.1"));
  world.table.failures.list.push(...Array.from({ length: 4 }, interruption));
  world.table.failures.delete.push(...Array.from({ length: 4 }, interruption));
  const report = await world.reconciler.reconcile();
  assert.equal(report?.flows, 3, "not those of the attempts before");
  assert.deepEqual([...report?.deleted ?? []], [["endpoint-gone", 3]]);
  assert.equal(world.table.lists, 5);
  world.table.failures.list.push(...Array.from({ length: 5 }, interruption));
  await assert.rejects(world.reconciler.reconcile(), { kind: "interrupted" });
  assert.equal(world.table.lists, 10);
});

Deno.test("While a sync is under way, flows that are right before or after it are left alone", async () => {
  const world = new World(
    new TrackedFlows([
      ...flows("10.96.0.10:53", "10.244.1.1:8053"),
      ...flows("10.96.0.10:53", "10.244.1.2:8053"),
      ...flows("10.96.0.10:53", "10.244.1.77:8053"),
    ]),
  );
  world.sync(dns(), behind("10.244.1.1"));
  world.derive(dns(), behind("10.244.1.2"));
  assert.deepEqual(await world.pass(), { "endpoint-gone": 1 });
  assert.equal(world.reconciler.synced(), true);
  assert.deepEqual(await world.pass(), { "endpoint-gone": 1 });
  assert.deepEqual(world.table.left, ["10.96.0.10:53 > 10.244.1.2:8053"]);
});

Deno.test("A frontend that goes while a pass is under way is remembered for the next one", async () => {
  const world = new World(new TrackedFlows(flows("10.96.0.10:53", "10.244.1.1:8053")));
  world.sync(dns(), behind("10.244.1.1"));
  await world.pass();
  world.derive();
  assert.deepEqual(await world.pass(), {}, "it is still in force");
  assert.equal(world.reconciler.synced(), true);
  assert.deepEqual(await world.pass(), { "frontend-gone": 1 });
});

Deno.test("An endpoint that came back while the table was read keeps its flows", async () => {
  const world = new World(new TrackedFlows(flows("10.96.0.10:53", "10.244.1.2:8053")));
  world.sync(dns(), behind("10.244.1.1"));
  world.table.onListed = () => void world.sync(dns(), behind("10.244.1.1", "10.244.1.2"));
  assert.deepEqual(await world.pass(), {});
  assert.equal(world.table.flows.length, 1);
});

Deno.test("All deletions of a pass are one call, unless it takes long to read the table", async () => {
  const cases = [
    { listMs: 0, want: [256] },
    { listMs: 13, want: [256] },
    { listMs: 100, want: [50, 50, 50, 50, 50, 6] },
    { listMs: 7_000, want: Array.from({ length: 256 }, () => 1) },
  ];
  for (const { listMs, want } of cases) {
    const world = new World(new TrackedFlows(deadFlows("10.96.0.10:53", 256)));
    world.sync(dns(), behind("10.244.1.1"));
    world.table.onListed = () => world.clock.advance(listMs);
    const report = await world.reconciler.reconcile();
    assert.deepEqual(world.table.deletions.map(({ length }) => length), want, `${listMs} ms`);
    assert.equal(report?.listMs, listMs);
  }
});

Deno.test("An endpoint that comes back while a pass deletes keeps its flows", async () => {
  const table = new TrackedFlows(deadFlows("10.96.0.10:53", 3));
  const world = new World(table);
  world.sync(dns(), behind("10.244.1.1"));
  table.onListed = () => world.clock.advance(7_000);
  table.onDelete = () => void world.sync(dns(), behind("10.244.1.1", "10.245.0.1", "10.245.0.2"));
  assert.deepEqual(await world.pass(), { "endpoint-gone": 1 });
  assert.deepEqual(table.left, [
    "10.96.0.10:53 > 10.245.0.1:8053",
    "10.96.0.10:53 > 10.245.0.2:8053",
  ]);
});

Deno.test("One pass takes on so much and no more, and says that there is more", async () => {
  const world = new World();
  world.sync(dns({ externalIPs: ["198.51.100.1"] }), behind("10.244.1.1"));
  await world.pass();
  world.table.flows.push(...deadFlows("198.51.100.1:53", 300));
  world.sync(dns(), behind("10.244.1.1"));
  const first = await world.reconciler.reconcile();
  assert.deepEqual([first?.deleted.get("frontend-gone"), first?.isUnfinished], [256, true]);
  const second = await world.reconciler.reconcile();
  assert.deepEqual([second?.deleted.get("frontend-gone"), second?.isUnfinished], [44, false]);
  assert.equal(world.table.flows.length, 0);
});

Deno.test("A million flows pass through one by one, and only what is wrong is deleted", async () => {
  const COUNT = 1_000_000;
  const line = (number: number) => {
    const isDns = number % 1000 === 0;
    const to = isDns ? "10.96.0.10" : `203.0.${(number >> 8) & 255}.${number & 255}`;
    const from = !isDns ? to : number % 2000 === 0 ? "10.244.1.77" : "10.244.1.1";
    return `udp      17 29 src=10.1.0.1 dst=${to} sport=${number & 65535} dport=53 [UNREPLIED] ` +
      `src=${from} dst=10.1.0.1 sport=${isDns ? 8053 : 53} dport=${number & 65535} mark=0 use=1`;
  };
  const deletions: string[] = [];
  let printed = 0;
  const stream: StreamProcess = (_command, args, { onLine }) => {
    if (args[0] === "-L") { while (printed < COUNT) onLine(line(printed++)); }
    else {
      deletions.push(args.slice(7).join(" "));
      for (let n = 0; n < COUNT; n += 2_000) onLine(line(n));
    }
    return Promise.resolve({ code: 0, stderr: "", timedOut: false });
  };
  const tool = spawnedConntrack({ stream });
  let taken = 0;
  const reconciler = new Reconciler({
    family: "IPv4",
    clock: new FakeClock(),
    conntrack: {
      list: (family, onFlow) =>
        tool.list(family, (flow) => {
          taken++;
          if (printed !== taken) throw new Error("a flow was held back");
          onFlow(flow);
        }),
      delete: tool.delete,
    },
  });
  const objects = snapshotOf(dns(), behind("10.244.1.1"));
  const change = { snapshot: objects, settings: settings(), services: "all" } as const;
  reconciler.derived(advance(emptyState("IPv4", settings()), change));
  reconciler.synced();
  const report = await reconciler.reconcile();
  assert.equal(report?.flows, COUNT);
  assert.deepEqual([...report?.deleted ?? []], [["endpoint-gone", 500]]);
  assert.deepEqual(deletions, [
    "--orig-dst 10.96.0.10 --dport 53 --reply-src 10.244.1.77 --reply-port-src 8053",
  ]);
});
