import assert from "node:assert/strict";
import { loadAhead } from "../../daemon/load_ahead.ts";
import { Store } from "../../watch/store.ts";
import { node, service } from "../support/objects.ts";

/** Stands for a proxier of which a test decides how much there is to load. */
class Loadable {
  ripe = 0;
  loaded: number[] = [];
  accepts = true;

  loadAhead(count: number): Promise<boolean> {
    const taken = Math.min(count, this.ripe);
    this.ripe -= taken;
    this.loaded.push(taken);
    return Promise.resolve(this.accepts);
  }

  loadedAhead(): Promise<void> {
    return Promise.resolve();
  }
}

function setUp() {
  const store = new Store();
  const ready = Promise.withResolvers<void>();
  const stop = new AbortController();
  const proxier = new Loadable();
  const done = loadAhead(proxier, { store, ready: ready.promise, signal: stop.signal });
  return { store, ready, stop, proxier, done };
}

/** Lets everything that is due happen. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

function knowTheNode(store: Store): void {
  store.replace("Node", [node()]);
  store.replace("ServiceCIDR", []);
}

Deno.test("Nothing is loaded ahead before the node and the ServiceCIDRs are known", async () => {
  const { store, proxier, ready, done } = setUp();
  proxier.ripe = 2_400;
  store.replace("Service", [service("web")]);
  await settle();
  assert.deepEqual(proxier.loaded, []);
  knowTheNode(store);
  await settle();
  assert.deepEqual(proxier.loaded, [125, 250, 500, 1_000]);
  ready.resolve();
  await done;
});

Deno.test("What is left when all lists are complete is loaded in portions that grow, down to a rest for the first sync", async () => {
  const { proxier, ready, done } = setUp();
  proxier.ripe = 4_100;
  ready.resolve();
  await done;
  assert.deepEqual(proxier.loaded, [125, 250, 500, 1_000, 1_000, 1_000]);
  assert.equal(proxier.ripe, 225);
});

Deno.test("Loading ahead ends where the backend has no use for it", async () => {
  const { store, proxier, done } = setUp();
  proxier.accepts = false;
  proxier.ripe = 2_000;
  knowTheNode(store);
  await done;
  assert.deepEqual(proxier.loaded, [125]);
});

Deno.test("Loading ahead ends with the process", async () => {
  const { store, stop, proxier, done } = setUp();
  knowTheNode(store);
  stop.abort();
  store.upsert(service("web"));
  await done;
  assert.deepEqual(proxier.loaded, []);
});

Deno.test("The table is made while nothing is known but the node, unless everything is known already", async () => {
  const { store, proxier, ready, done } = setUp();
  knowTheNode(store);
  await settle();
  assert.deepEqual(proxier.loaded, [0]);
  ready.resolve();
  await done;
  const small = setUp();
  small.ready.resolve();
  await small.done;
  assert.deepEqual(small.proxier.loaded, []);
});
