import assert from "node:assert/strict";
import { endpointId } from "../../model/endpoint.ts";
import type { ApplyOptions, ApplyReport, Backend } from "../../backends/backend.ts";
import { Proxier } from "../../daemon/proxier.ts";
import type { FailedSync, SyncFacts } from "../../daemon/sync_observer.ts";
import type { Transition } from "../../model/advance.ts";
import type { Settings } from "../../model/settings.ts";
import { winner } from "../../model/desired_state.ts";
import { Store } from "../../watch/store.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { node, service, serviceCIDR, settings, slice } from "../support/objects.ts";

/** A backend that remembers what it was asked, and fails when told to. */
class RecordingBackend implements Backend {
  readonly family = "IPv4";
  readonly applied: { transition: Transition; full: boolean }[] = [];
  tidied = 0;
  fails: boolean | "to tidy up" = false;

  apply(transition: Transition, { full }: ApplyOptions): Promise<ApplyReport> {
    this.applied.push({ transition, full });
    if (this.fails === true) return Promise.reject(new Error("nft is broken"));
    const mode = full ? "full" : "partial";
    return Promise.resolve({ mode, elements: 1, bytes: 10, renderMs: 0, applyMs: 0 });
  }

  tidy(): Promise<boolean> {
    this.tidied++;
    return this.fails ? Promise.reject(new Error("nft is broken")) : Promise.resolve(false);
  }

  unlearned(): Promise<readonly never[]> {
    return Promise.resolve([]);
  }
}

function setUp(changes: { settings?: () => Settings } = {}) {
  const backend = new RecordingBackend();
  const clock = new FakeClock();
  const store = new Store(() => clock.now());
  const synced: SyncFacts[] = [];
  const failed: FailedSync[] = [];
  let requests = 0;
  const proxier = new Proxier({
    backend,
    store,
    settings: changes.settings ?? (() => settings()),
    clock,
    request: () => requests++,
    observer: {
      derived() {},
      synced: (sync) => synced.push(sync),
      failed: (sync) => failed.push(sync),
      untidy() {},
    },
  });
  proxier.follow();
  store.replace("Service", [service("web"), service("api", { clusterIP: "10.96.0.11" })]);
  store.replace("EndpointSlice", [slice("web", ["10.244.1.5"])]);
  return { backend, clock, store, proxier, synced, failed, requests: () => requests };
}

Deno.test("The first sync is full and takes in everything", async () => {
  const { backend, proxier } = setUp();
  await proxier.sync();
  assert.equal(backend.applied[0]?.full, true);
  assert.equal(backend.applied[0]?.transition.services.size, 2);
});

Deno.test("Later syncs are partial and derive only what changed", async () => {
  const { backend, proxier, store, synced } = setUp();
  await proxier.sync();
  store.upsert(slice("web", ["10.244.1.6"]));
  await proxier.sync();
  assert.equal(backend.applied[1]?.full, false);
  assert.deepEqual([...backend.applied[1]?.transition.services ?? []], ["default/web"]);
  assert.equal(synced[1]?.services, 1);
});

Deno.test("When the kernel is not trusted the next sync is full, until one succeeds", async () => {
  const { backend, proxier } = setUp();
  await proxier.sync();
  proxier.distrust();
  backend.fails = true;
  await assert.rejects(proxier.sync());
  backend.fails = false;
  await proxier.sync();
  await proxier.sync();
  assert.deepEqual(backend.applied.map(({ full }) => full), [true, true, true, false]);
});

Deno.test("Distrust that comes up during a full sync is for the one after it", async () => {
  const { backend, proxier } = setUp();
  const first = proxier.sync();
  proxier.distrust();
  await first;
  await proxier.sync();
  await proxier.sync();
  assert.deepEqual(backend.applied.map(({ full }) => full), [true, true, false]);
});

Deno.test("Every change of a Service, a slice, the Node or the ServiceCIDRs asks for a sync", () => {
  const { store, requests } = setUp();
  let before = requests();
  const asks = (change: () => void) => {
    change();
    const asked = requests() > before;
    before = requests();
    return asked;
  };
  assert.ok(asks(() => store.upsert(service("new", { clusterIP: "10.96.0.12" }))));
  assert.ok(asks(() => store.upsert(slice("new", ["10.244.1.9"]))));
  assert.ok(asks(() => store.remove("EndpointSlice", "default/new-a")));
  assert.ok(asks(() => store.upsert(node())));
  assert.ok(asks(() => store.replace("ServiceCIDR", [serviceCIDR("a", ["10.96.0.0/12"])])));
  assert.ok(!asks(() => store.remove("Service", "default/unknown")));
});

Deno.test("A failed sync loses nothing: the next one is full and wants all that was missed", async () => {
  const { backend, proxier, store, synced, failed } = setUp();
  await proxier.sync();
  backend.fails = true;
  const trigger = "2026-11-21T00:00:00Z";
  store.upsert(slice("web", ["10.244.1.6"], { triggerTime: trigger }));
  await assert.rejects(proxier.sync(), /nft is broken/);
  assert.equal(failed.length, 1);
  backend.fails = false;
  await proxier.sync();
  const last = backend.applied.at(-1);
  assert.equal(last?.full, true);
  assert.ok(last);
  const ids = winner(last.transition.next, "10.96.0.10 TCP 80")?.cluster.map(endpointId);
  assert.deepEqual(ids, ["10.244.1.6:8080"]);
  assert.deepEqual(synced.at(-1)?.triggers, [trigger], "the trigger time of the failed round");
});

Deno.test("After an hour without a full sync the next one is full", async () => {
  const { backend, proxier, clock } = setUp();
  await proxier.sync();
  await clock.advance(3_599_000);
  await proxier.sync();
  await clock.advance(1_000);
  await proxier.sync();
  assert.deepEqual(backend.applied.map(({ full }) => full), [true, false, true]);
});

Deno.test("A change of the settings reaches the backend without any Service changing", async () => {
  let zone = "";
  const { backend, proxier } = setUp({ settings: () => settings({ zone }) });
  await proxier.sync();
  zone = "zone-a";
  await proxier.sync();
  const transition = backend.applied[1]?.transition;
  assert.equal(transition?.next.settings.zone, "zone-a");
  assert.equal(transition?.services.size, 2, "endpoints are chosen anew");
});

Deno.test("What could not be tidied up is asked for again after 30 s, once, until it works", async () => {
  const { backend, proxier, clock, requests } = setUp();
  const ending = new AbortController();
  backend.fails = "to tidy up";
  await proxier.sync(ending.signal);
  await proxier.sync(ending.signal);
  const before = requests();
  await clock.advance(29_999);
  assert.equal(requests(), before);
  await clock.advance(1);
  assert.equal(requests(), before + 1);
  await proxier.sync(ending.signal);
  await clock.advance(30_000);
  assert.equal(requests(), before + 2, "it failed again");
  backend.fails = false;
  await proxier.sync(ending.signal);
  await clock.advance(120_000);
  assert.equal(requests(), before + 2, "nothing is left to do");
  assert.equal(backend.tidied, 4);
  assert.equal(backend.applied.at(-1)?.full, false, "it is no failure of the sync");
});

Deno.test("What could not be tidied up asks for nothing once the daemon has ended", async () => {
  const { backend, proxier, clock, requests } = setUp();
  const ending = new AbortController();
  backend.fails = "to tidy up";
  await proxier.sync(ending.signal);
  const before = requests();
  ending.abort();
  await clock.advance(60_000);
  assert.equal(requests(), before);
});

Deno.test("A slice of the other family asks for nothing, unless it was one of this family", () => {
  const { store, requests } = setUp();
  const other = slice("web", ["fd00::5"], { name: "web-6" });
  let before = requests();
  store.upsert(other);
  store.remove("EndpointSlice", "default/web-6");
  assert.equal(requests(), before);
  store.upsert({ ...other, name: "web-a" });
  assert.equal(requests(), ++before);
});
