import assert from "node:assert/strict";
import { Loads } from "../../../backends/nftables/loads.ts";

/** A load of which a test decides when it ends. */
function load() {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const state = { begun: false, resolve, reject };
  const run = () => {
    state.begun = true;
    return promise;
  };
  return { state, run };
}

/** Lets everything that is due happen. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

Deno.test("Two loads are under way at a time, the next one begins when one of them is done", async () => {
  const loads = new Loads();
  const [first, second, third] = [load(), load(), load()];
  await loads.begin(first.run);
  await loads.begin(second.run);
  const waiting = loads.begin(third.run);
  await settle();
  assert.deepEqual([first, second, third].map(({ state }) => state.begun), [true, true, false]);
  second.state.resolve();
  await waiting;
  assert.ok(third.state.begun);
  let isDone = false;
  const done = loads.done().then(() => isDone = true);
  first.state.resolve();
  await settle();
  assert.equal(isDone, false);
  third.state.resolve();
  await done;
});

Deno.test("Who waits for a load that fails is told, and so is everybody after it", async () => {
  const loads = new Loads();
  const [first, second] = [load(), load()];
  const { done } = await loads.begin(first.run);
  await loads.begin(second.run);
  const waiting = loads.begin(() => Promise.resolve());
  first.state.reject(new Error("No memory"));
  await assert.rejects(done, /No memory/);
  await assert.rejects(waiting, /No memory/);
  let isDone = false;
  const all = loads.done().finally(() => isDone = true);
  all.catch(() => {});
  await settle();
  assert.equal(isDone, false, "one is still under way");
  second.state.resolve();
  await assert.rejects(all, /No memory/);
});
