import assert from "node:assert/strict";
import { afterFirstSync, onFirstFailure } from "../../daemon/first_sync.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { syncFacts } from "../support/sync_facts.ts";

Deno.test("The work is done once, a second after the first sync that ends well", async () => {
  const done: string[] = [];
  const clock = new FakeClock();
  const work = afterFirstSync(() => Promise.resolve(void done.push("work")), clock);
  const running = work.run(new AbortController().signal);
  work.observer.failed({ ...syncFacts(), error: new Error("Cannot") });
  await Promise.resolve();
  assert.deepEqual(done, []);
  work.observer.synced(syncFacts());
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

Deno.test("The first failure counts once, and not at all after a sync that ended well", () => {
  const failure = { ...syncFacts(), error: new Error("Cannot") };
  const done: string[] = [];
  const failing = onFirstFailure(() => done.push("work"));
  failing.failed(failure);
  failing.failed(failure);
  assert.deepEqual(done, ["work"]);
  const good = onFirstFailure(() => done.push("more work"));
  good.synced(syncFacts());
  good.failed(failure);
  assert.deepEqual(done, ["work"]);
});
