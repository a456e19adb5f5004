import assert from "node:assert/strict";
import type { ForeignChange } from "../../backends/nftables/ruleset_watch.ts";
import { NftError } from "../../backends/nftables/nft_error.ts";
import { Guard } from "../../daemon/guard.ts";
import { createMetrics } from "../../daemon/metrics.ts";
import type { SyncFacts } from "../../daemon/sync_observer.ts";
import type { EventNotice } from "../../watch/event_writer.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { recordingLog } from "../support/log.ts";
import { syncFacts } from "../support/sync_facts.ts";

const FLUSHED: ForeignChange = {
  family: "IPv4",
  what: "delete table",
  by: { pid: 7, name: "firewalld" },
};

/** A guard of IPv4, and what it asks of the sync loop. */
function setUp() {
  const clock = new FakeClock();
  const { log, lines } = recordingLog();
  const metrics = createMetrics();
  const events: EventNotice[] = [];
  const followed: string[] = [];
  const asked: string[] = [];
  const guard = new Guard({
    watch: { follow: (family) => void followed.push(family), run: () => Promise.resolve() },
    metrics,
    recorder: { record: (notice) => void events.push(notice) },
    nodeName: "node-a",
    clock,
    log,
  });
  const observer = guard.observer("IPv4", {
    queued: () => asked.push("queued"),
    repair: () => asked.push("repair"),
  });
  const synced = (facts: Partial<SyncFacts> = {}) => observer.synced(syncFacts(facts));
  const repairs = async () =>
    Number(/^weir_ruleset_repairs_total\{.*\} (\d+)$/m.exec(await metrics.text())?.[1] ?? 0);
  return { clock, lines, events, followed, asked, guard, synced, repairs };
}

Deno.test("A family's rules are guarded from its first good sync on", () => {
  const { followed, synced } = setUp();
  assert.deepEqual(followed, []);
  synced();
  assert.equal(followed[0], "IPv4");
});

Deno.test("A guard begins when the first syncs of all families have ended, well or not", () => {
  const { followed, guard, synced } = setUp();
  const other = guard.observer("IPv6", { queued() {}, repair() {} });
  synced();
  assert.equal(followed.length, 0);
  other.failed({ family: "IPv6", services: 0, mode: "full", error: new Error("no"), totalMs: 1 });
  assert.deepEqual(followed, ["IPv4"]);
  other.synced(syncFacts({ family: "IPv6" }));
  assert.ok(followed.includes("IPv6"));
});

Deno.test("What somebody else changed is repaired at once, and logged, counted and told of", async () => {
  const { clock, lines, events, asked, guard, synced, repairs } = setUp();
  guard.changed(FLUSHED);
  assert.deepEqual(asked, ["queued", "repair"]);
  await clock.advance(40);
  synced({ totalMs: 30 });
  assert.deepEqual(lines, [
    'WARN  Something else changed weir\'s rules family=IPv4 what="delete table" process=firewalld ' +
    "pid=7 repairInMs=0",
    "INFO  Repaired the rules family=IPv4 tookMs=40",
  ]);
  assert.equal(await repairs(), 1);
  assert.deepEqual(
    events.map(({ type, reason, note, regarding }) => ({ type, reason, note, regarding })),
    [{
      type: "Warning",
      reason: "RulesChanged",
      note: 'IPv4: a program named "firewalld" changed weir\'s rules. They are written anew',
      regarding: { apiVersion: "v1", kind: "Node", namespace: "", name: "node-a", uid: "node-a" },
    }],
  );
});

Deno.test("Nobody is named when nobody was heard", () => {
  const { lines, events, guard } = setUp();
  guard.changed({ ...FLUSHED, by: undefined });
  assert.equal(
    lines[0],
    'WARN  Something else changed weir\'s rules family=IPv4 what="delete table" repairInMs=0',
  );
  assert.match(events[0]?.note ?? "", /^IPv4: another program changed/);
});

const NOT_YET = [
  { name: "A partial sync", facts: { mode: "partial" }, asks: ["queued"] },
  {
    name: "A full sync that began before the change",
    facts: { totalMs: 101 },
    asks: ["queued", "repair"],
  },
] as const;

for (const { name, facts, asks } of NOT_YET) {
  Deno.test(`${name} repairs nothing, and health goes on counting`, async () => {
    const { clock, asked, guard, synced, repairs } = setUp();
    guard.changed(FLUSHED);
    await clock.advance(100);
    synced(facts);
    assert.equal(await repairs(), 0);
    assert.deepEqual(asked, ["queued", "repair", ...asks]);
    synced();
    assert.equal(await repairs(), 1);
  });
}

Deno.test("A sync without a change repairs nothing", async () => {
  const { synced, repairs, asked } = setUp();
  synced();
  assert.equal(await repairs(), 0);
  assert.deepEqual(asked, []);
});

/** Lets somebody change everything once a second, with repairs that take no time, and returns when they came. */
async function fight(stage: ReturnType<typeof setUp>, seconds: number): Promise<readonly number[]> {
  const { clock, asked, guard, synced } = stage;
  const repaired: number[] = [];
  for (let second = 0; second < seconds; second++) {
    guard.changed(FLUSHED);
    for (const half of [0, 0.5]) {
      if (asked.includes("repair")) {
        asked.length = 0;
        repaired.push(second + half);
        synced();
      }
      await clock.advance(500);
    }
  }
  return repaired;
}

Deno.test("Who changes the rules every second is answered less and less often, and named in an Event", async () => {
  const stage = setUp();
  assert.deepEqual(await fight(stage, 200), [0, 1, 2, 4, 7, 12, 21, 38, 71, 132, 193]);
  assert.deepEqual([...new Set(stage.events.map(({ reason }) => reason))], [
    "RulesChanged",
    "RulesContested",
  ]);
  assert.equal(stage.lines.filter((line) => line.startsWith("WARN")).length, 12);
});

Deno.test("While a repair waits, health knows", async () => {
  const stage = setUp();
  await fight(stage, 8);
  stage.guard.changed(FLUSHED);
  stage.asked.length = 0;
  stage.synced({ mode: "partial" });
  assert.deepEqual(stage.asked, ["queued"]);
});

Deno.test("A full sync for another reason makes the repair that waits needless", async () => {
  const stage = setUp();
  await fight(stage, 8);
  const before = await stage.repairs();
  stage.guard.changed(FLUSHED);
  stage.asked.length = 0;
  stage.synced();
  await stage.clock.advance(60_000);
  assert.deepEqual(stage.asked, []);
  assert.equal(await stage.repairs(), before + 1);
});

Deno.test("A change that comes after a repair was asked for asks for another one", async () => {
  const { clock, asked, guard, synced, repairs } = setUp();
  guard.changed(FLUSHED);
  await clock.advance(10);
  guard.changed(FLUSHED);
  synced({ totalMs: 5 });
  assert.equal(await repairs(), 0);
  assert.deepEqual(asked, ["queued", "repair", "queued", "repair"]);
  await clock.advance(10);
  synced({ totalMs: 5 });
  assert.equal(await repairs(), 1);
});

Deno.test("Without anybody who listens there is one warning, and everything is written anew after it", async () => {
  const { lines, events, asked, guard, synced, repairs } = setUp();
  const error = new NftError("Cannot listen for changes: no");
  guard.deaf(error, 1_000);
  guard.deaf(error, 2_000);
  assert.deepEqual(lines.map((line) => line.slice(0, 5)), ["WARN ", "DEBUG"]);
  assert.deepEqual(asked, []);
  guard.missed();
  assert.deepEqual(asked, ["queued", "repair"]);
  synced();
  assert.equal(await repairs(), 0, "perhaps nothing was changed");
  assert.deepEqual(events, []);
  guard.deaf(error, 1_000);
  assert.equal(lines.at(-1)?.slice(0, 5), "WARN ");
});

Deno.test("When it ends, a repair that waits is not done any more", async () => {
  const stage = setUp();
  await fight(stage, 8);
  stage.guard.changed(FLUSHED);
  stage.asked.length = 0;
  await stage.guard.run(AbortSignal.abort());
  await stage.clock.advance(120_000);
  assert.deepEqual(stage.asked, []);
});
