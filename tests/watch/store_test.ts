import assert from "node:assert/strict";
import { Store, type StoreChange } from "../../watch/store.ts";
import { node, service, slice } from "../support/objects.ts";

Deno.test("A snapshot that was handed out never changes", () => {
  const store = new Store();
  store.replace("Service", [service("web")]);
  const before = store.snapshot;
  store.upsert(service("api"));
  store.remove("Service", "default/web");
  store.replace("Service", []);
  assert.deepEqual([...before.services.keys()], ["default/web"]);
});

Deno.test("What did not change is shared between snapshots", () => {
  const store = new Store();
  store.replace("Service", [service("web"), service("api")]);
  store.replace("EndpointSlice", [slice("web", ["10.244.1.5"])]);
  const before = store.snapshot;
  store.upsert(service("api", { clusterIP: "10.96.0.77" }));
  assert.equal(store.snapshot.services.get("default/web"), before.services.get("default/web"));
  assert.equal(store.snapshot.slices, before.slices);
});

Deno.test("A list takes away what is not in it and names every Service concerned", () => {
  const store = new Store();
  store.replace("EndpointSlice", [slice("web", ["10.244.1.5"]), slice("api", ["10.244.1.6"])]);
  const changes: StoreChange[] = [];
  store.subscribe((change) => changes.push(change));
  store.replace("EndpointSlice", [slice("web", ["10.244.1.7"])]);
  assert.deepEqual([...store.snapshot.slices.keys()], ["default/web"]);
  assert.deepEqual([...changes[0]?.services ?? []].sort(), ["default/api", "default/web"]);
});

Deno.test("A slice comes before its Service and waits for it", () => {
  const store = new Store();
  store.upsert(slice("web", ["10.244.1.5"]));
  assert.equal(store.snapshot.slices.get("default/web")?.length, 1);
});

Deno.test("A slice without a Service is ignored", () => {
  const store = new Store();
  store.upsert(slice("", ["10.244.1.5"]));
  assert.equal(store.snapshot.slices.size, 0);
});

Deno.test("The store is synced when every kind has had a complete list, even an empty one", () => {
  const store = new Store();
  store.upsert(node());
  assert.equal(store.isSynced(["Node"]), false);
  store.replace("Service", []);
  store.replace("EndpointSlice", []);
  assert.equal(store.isSynced(["Service", "EndpointSlice"]), true);
  assert.equal(store.isSynced(), false);
  store.replace("Node", []);
  store.replace("ServiceCIDR", []);
  assert.equal(store.isSynced(), true);
});

Deno.test("The store knows when each kind was last heard of", () => {
  let now = 1_000;
  const store = new Store(() => now);
  assert.equal(store.lastHeard("Service"), undefined);
  store.replace("Service", []);
  now = 2_000;
  store.heard("EndpointSlice");
  assert.equal(store.lastHeard("Service"), 1_000);
  assert.equal(store.lastHeard("EndpointSlice"), 2_000);
});

Deno.test("Who no longer listens is not told", () => {
  const store = new Store();
  let told = 0;
  const stop = store.subscribe(() => told++);
  store.upsert(service("web"));
  stop();
  store.upsert(service("api"));
  assert.equal(told, 1);
});

Deno.test("Objects told together are one change, and a kind is not synced by them", () => {
  const store = new Store();
  const changes: StoreChange[] = [];
  store.subscribe((change) => changes.push(change));
  store.upsertAll("EndpointSlice", [slice("web", ["10.244.1.5"]), slice("api", ["10.244.1.6"])]);
  assert.deepEqual([...store.snapshot.slices.keys()], ["default/web", "default/api"]);
  assert.deepEqual(changes, [{
    kind: "EndpointSlice",
    services: new Set(["default/web", "default/api"]),
  }]);
  assert.equal(store.isSynced(["EndpointSlice"]), false);
});

Deno.test("A list concerns nobody whose objects are there already, and takes away the others", () => {
  const store = new Store();
  const [web, api] = [service("web"), service("api")];
  store.upsertAll("Service", [web, api, service("gone")]);
  const slices = [slice("web", ["10.244.1.5"]), slice("", ["10.244.1.6"])];
  store.upsertAll("EndpointSlice", [...slices, slice("gone", ["10.244.1.7"])]);
  const changes: StoreChange[] = [];
  store.subscribe((change) => changes.push(change));
  const newApi = service("api");
  store.replace("Service", [web, newApi]);
  store.replace("EndpointSlice", slices);
  assert.deepEqual(changes.map(({ services }) => [...services].sort()), [
    ["default/api", "default/gone"],
    ["default/gone"],
  ]);
  assert.equal(store.snapshot.services.get("default/api"), newApi);
  assert.deepEqual([...store.snapshot.slices.keys()], ["default/web"]);
});
