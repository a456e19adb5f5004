import assert from "node:assert/strict";
import fc from "fast-check";
import { type ClusterObject, keyOf } from "../../model/objects.ts";
import { ManifestIndex } from "../../watch/manifest_index.ts";
import { strip } from "../../watch/strip.ts";

function node(name: string, zone = ""): ClusterObject {
  return strip({ kind: "Node", metadata: { name, labels: { zone } } });
}

Deno.test("an update tells only what is different", () => {
  const index = new ManifestIndex();
  const first = node("a");
  assert.deepEqual(index.update("1.yaml", [first, node("b")]).changes.length, 2);
  const { changes } = index.update("1.yaml", [node("a"), node("b", "z"), node("c")]);
  assert.deepEqual(changes, [
    { type: "upsert", object: node("b", "z") },
    { type: "upsert", object: node("c") },
  ]);
  assert.equal(index.objects()[0], first, "the same object, not an equal one");
});

Deno.test("an object that is defined twice comes from the first file in byte order", () => {
  const index = new ManifestIndex();
  index.update("b.yaml", [node("x", "from-b")]);
  const { changes, duplicates } = index.update("a.yaml", [node("x", "from-a")]);
  assert.deepEqual(changes, [{ type: "upsert", object: node("x", "from-a") }]);
  assert.deepEqual(duplicates, [{ object: `Node "x"`, winner: "a.yaml", loser: "b.yaml" }]);
  const later = index.update("c.yaml", [node("x", "from-c")]);
  assert.deepEqual(later.changes, []);
  assert.deepEqual(later.duplicates, [{ object: `Node "x"`, winner: "a.yaml", loser: "c.yaml" }]);
});

Deno.test("when the winning file goes, the next definition takes its place", () => {
  const index = new ManifestIndex();
  index.update("a.yaml", [node("x", "from-a")]);
  index.update("b.yaml", [node("x", "from-b")]);
  assert.deepEqual(index.update("a.yaml", []).changes, [
    { type: "upsert", object: node("x", "from-b") },
  ]);
  assert.deepEqual(index.update("b.yaml", []).changes, [
    { type: "remove", kind: "Node", key: "x" },
  ]);
  assert.deepEqual(index.objects(), []);
});

Deno.test("the changes lead to the same objects as a reading from scratch, in whatever order", () => {
  const name = fc.constantFrom("a", "b", "c");
  const content = fc.uniqueArray(fc.record({ name, zone: fc.constantFrom("1", "2") }), {
    selector: (entry) => entry.name,
  });
  const path = fc.constantFrom("1.yaml", "2.yaml", "3.yaml");
  fc.assert(fc.property(fc.array(fc.tuple(path, content)), (history) => {
    const index = new ManifestIndex();
    const followed = new Map<string, ClusterObject>();
    for (const [path, entries] of history) {
      const objects = entries.map((entry) => node(entry.name, entry.zone));
      for (const change of index.update(path, objects).changes) {
        if (change.type === "upsert") followed.set(keyOf(change.object), change.object);
        else followed.delete(change.key);
      }
    }
    const fresh = new ManifestIndex();
    for (const [path, entries] of [...new Map(history)]) {
      fresh.update(path, entries.map((entry) => node(entry.name, entry.zone)));
    }
    const byName = (a: ClusterObject, b: ClusterObject) => a.name < b.name ? -1 : 1;
    assert.deepEqual([...followed.values()].sort(byName), fresh.objects().sort(byName));
  }));
});
