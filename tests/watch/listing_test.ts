import assert from "node:assert/strict";
import type { ClusterObject } from "../../model/objects.ts";
import { Listing } from "../../watch/listing.ts";
import type { Item } from "../../watch/watch_event.ts";
import { node } from "../support/objects.ts";
import { Recorder } from "./_recorder.ts";

function item(name: string): Item {
  return { object: { ...node(), name }, version: "1" };
}

function setup(early: boolean) {
  const sink = new Recorder();
  const committed: string[] = [];
  const listing = new Listing({
    report: () => {},
    held: (key) => ({ ...node(), name: key, uid: "held" } as ClusterObject),
    commit: (objects) => committed.push(...objects.keys()),
    ...(early && { early: { kind: "Node", sink } }),
  });
  return { listing, sink, committed };
}

Deno.test("Listing tells nobody of what it holds before it is put in force", () => {
  const { listing, sink, committed } = setup(false);
  for (let count = 0; count < 1000; count++) listing.add(item(`n${count}`));
  listing.apply({ type: "DELETED", key: "n0", version: "2" });
  assert.deepEqual(sink.calls, []);
  listing.commit();
  assert.equal(committed.length, 999);
});

Deno.test("Listing tells early of some hundred objects at a time, and of a deletion at once", () => {
  const { listing, sink, committed } = setup(true);
  for (let count = 0; count < 501; count++) listing.add(item(`n${count}`));
  assert.deepEqual(sink.calls.map((call) => call.split(" ").length), [252, 252]);
  listing.apply({ type: "DELETED", key: "n500", version: "2" });
  assert.deepEqual(sink.calls.slice(2), ["early Node n500", "remove n500"]);
  listing.commit();
  assert.equal(committed.length, 500);
});

Deno.test("Listing forgets all when it starts again", () => {
  const { listing, sink, committed } = setup(true);
  listing.add(item("gone"));
  listing.clear();
  listing.add(item("n"));
  listing.commit();
  assert.deepEqual([sink.calls, committed], [[], ["n"]]);
});

Deno.test("Listing has the last good state of what cannot be used", () => {
  const { listing, committed } = setup(false);
  const broken = { object: undefined, version: "2", problem: "broken" };
  listing.add({ ...broken, key: "known" });
  listing.add({ ...broken, key: undefined });
  listing.commit();
  assert.deepEqual(committed, ["known"]);
});
