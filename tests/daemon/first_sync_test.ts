import assert from "node:assert/strict";
import { afterFirstSync } from "../../daemon/first_sync.ts";
import type { SyncFacts } from "../../daemon/sync_observer.ts";
import { FakeClock } from "../support/fake_clock.ts";

const SYNCED: SyncFacts = {
  family: "IPv4",
  mode: "full",
  services: 0,
  elements: 0,
  bytes: 0,
  renderMs: 0,
  applyMs: 0,
  deriveMs: 0,
  totalMs: 0,
  triggers: [],
};

Deno.test("The work is done once, a second after the first sync that ends well", async () => {
  const done: string[] = [];
  const clock = new FakeClock();
  const work = afterFirstSync(() => Promise.resolve(void done.push("work")), clock);
  const running = work.run(new AbortController().signal);
  work.observer.failed({
    family: "IPv4",
    services: 0,
    mode: "full",
    error: new Error("Cannot"),
    totalMs: 0,
  });
  await Promise.resolve();
  assert.deepEqual(done, []);
  work.observer.synced(SYNCED);
  await clock.advance(999);
  assert.deepEqual(done, []);
  await clock.advance(1);
  await running;
  assert.deepEqual(done, ["work"]);
});

Deno.test("Without a good sync the work is left out, and the end is not held up", async () => {
  const stop = new AbortController();
  const work = afterFirstSync(
    () => Promise.reject(new Error("Must not be called")),
    new FakeClock(),
  );
  const running = work.run(stop.signal);
  stop.abort();
  await running;
  await work.run(stop.signal);
});
