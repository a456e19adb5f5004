import assert from "node:assert/strict";
import {
  EMPTY_SNAPSHOT,
  keysOf,
  objectIn,
  withList,
  withObject,
  withoutObject,
} from "../../model/snapshot.ts";
import { service, slice, snapshotOf } from "../support/objects.ts";

const FIRST = slice("web", ["10.244.1.5"], { name: "web-1" });
const SECOND = slice("web", ["10.244.1.6"], { name: "web-2" });

Deno.test("A slice without the label of a Service is held by nobody", () => {
  const touched = new Set<string>();
  const snapshot = withObject(EMPTY_SNAPSHOT, slice("", ["10.244.1.5"]), touched);
  assert.deepEqual([...touched, ...keysOf(snapshot, "EndpointSlice")], []);
});

Deno.test("A slice that loses the label of its Service leaves it", () => {
  const touched = new Set<string>();
  const snapshot = withObject(snapshotOf(FIRST), { ...FIRST, service: "" }, touched);
  assert.deepEqual([...touched], ["default/web"]);
  assert.equal(snapshot.slices.size, 0);
});

Deno.test("The slices of a Service are kept until the last one goes, also without the Service", () => {
  let snapshot = snapshotOf(FIRST, SECOND);
  const touched = new Set<string>();
  snapshot = withoutObject(snapshot, "EndpointSlice", "default/web-1", touched);
  assert.deepEqual(snapshot.slices.get("default/web"), [SECOND]);
  snapshot = withoutObject(snapshot, "EndpointSlice", "default/web-2", touched);
  assert.equal(snapshot.slices.size + snapshot.sliceOwners.size, 0);
  assert.deepEqual([...touched], ["default/web"]);
});

Deno.test("The removal of what is not held changes and touches nothing", () => {
  const snapshot = snapshotOf(service("web"), FIRST);
  const touched = new Set<string>();
  assert.equal(withoutObject(snapshot, "EndpointSlice", "default/none", touched), snapshot);
  assert.equal(withoutObject(snapshot, "Service", "default/none", touched), snapshot);
  assert.equal(touched.size, 0);
});

Deno.test("A list takes the place of all that was held of its kind, and touches both", () => {
  const touched = new Set<string>();
  const before = snapshotOf(service("web"), service("old"), FIRST);
  const after = withList(before, "Service", [service("web"), service("new")], touched);
  assert.deepEqual([...keysOf(after, "Service")].sort(), ["default/new", "default/web"]);
  assert.deepEqual([...touched].sort(), ["default/new", "default/old", "default/web"]);
  assert.equal(objectIn(after, "EndpointSlice", "default/web-1"), FIRST);
  assert.deepEqual([...keysOf(before, "Service")].sort(), ["default/old", "default/web"]);
});
