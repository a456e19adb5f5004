import assert from "node:assert/strict";
import { sourcesReady } from "../../daemon/sources_ready.ts";
import { Store } from "../../watch/store.ts";
import { FakeClock } from "../support/fake_clock.ts";

function setUp() {
  const clock = new FakeClock();
  const store = new Store(() => clock.now());
  const stop = new AbortController();
  let ready = false;
  const done = sourcesReady(store, clock, stop.signal).then(() => ready = true);
  return { clock, store, stop, done, isReady: () => ready };
}

Deno.test("Nothing is programmed before Services and EndpointSlices are complete", async () => {
  const { clock, store, stop, done, isReady } = setUp();
  store.replace("Service", []);
  store.replace("Node", []);
  store.replace("ServiceCIDR", []);
  await clock.advance(3_600_000);
  assert.equal(isReady(), false);
  stop.abort();
  await done;
});

Deno.test("With all kinds complete the first sync waits for nothing", async () => {
  const { clock, store, done, isReady } = setUp();
  for (const kind of ["Service", "EndpointSlice", "Node", "ServiceCIDR"] as const) {
    store.replace(kind, []);
  }
  await clock.settle();
  assert.equal(isReady(), true);
  assert.equal(clock.sleepers, 0);
  await done;
});

Deno.test("Kinds that may be missing hold the first sync up for five seconds at most", async () => {
  const { clock, store, done, isReady } = setUp();
  store.replace("Service", []);
  store.replace("EndpointSlice", []);
  await clock.advance(4_900);
  assert.equal(isReady(), false);
  await clock.advance(100);
  assert.equal(isReady(), true);
  await done;
});
