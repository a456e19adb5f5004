import assert from "node:assert/strict";
import fc from "fast-check";
import { parseEvent } from "../../../watch/json/event.ts";

function line(type: unknown, object: unknown): string {
  return JSON.stringify({ type, object });
}

const META = { namespace: "", name: "n", resourceVersion: "7" };

Deno.test("parseEvent() takes watch events and nothing else", () => {
  const added = parseEvent(line("ADDED", { metadata: META }), "Node");
  assert.ok(added?.type === "ADDED");
  assert.deepEqual([added.item.object?.name, added.item.version], ["n", "7"]);
  const deleted = { type: "DELETED", key: "n", version: "7" };
  assert.deepEqual(parseEvent(line("DELETED", { metadata: META }), "Node"), deleted);
  const others = ["", "{", "null", "1", "[]", "{}", '{"type":"ADDED"}', line("X", {})];
  for (const other of others) assert.equal(parseEvent(other, "Node"), undefined, other);
});

Deno.test("parseEvent() says what is wrong with an object that cannot be used", () => {
  const event = parseEvent(line("ADDED", { metadata: META, spec: 7 }), "Node");
  assert.ok(event?.type === "ADDED" && event.item.object === undefined);
  assert.match(event.item.problem, /Node "\/?n": 'spec' must be an object/);
  assert.deepEqual([event.item.key, event.item.version], ["n", "7"]);
});

Deno.test("parseEvent() knows the bookmark that ends a list by its annotation", () => {
  const bookmark = (annotations: object) =>
    parseEvent(line("BOOKMARK", { metadata: { resourceVersion: "9", annotations } }), "Node");
  const ending = bookmark({ "k8s.io/initial-events-end": "true" });
  assert.deepEqual(ending, { type: "BOOKMARK", version: "9", endsList: true });
  for (const other of [{}, { "k8s.io/initial-events-end": "false" }]) {
    assert.deepEqual(bookmark(other), { type: "BOOKMARK", version: "9", endsList: false });
  }
});

Deno.test("parseEvent() never throws", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => {
    parseEvent(text, "Service");
    parseEvent(`{"type":"ADDED","object":${text}}`, "Service");
  }));
});
