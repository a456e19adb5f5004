import assert from "node:assert/strict";
import fc from "fast-check";
import { endsInitialEvents, isOlder, parseEvent } from "../../watch/watch_event.ts";

Deno.test("parseEvent() takes watch events and nothing else", () => {
  const event = { type: "ADDED", object: { metadata: { name: "a" } } };
  assert.deepEqual(parseEvent(JSON.stringify(event)), event);
  const others = ["", "{", "null", "1", "[]", "{}", '{"type":"ADDED"}', '{"type":"X","object":{}}'];
  for (const line of others) assert.equal(parseEvent(line), undefined, line);
});

Deno.test("parseEvent() never throws", () => {
  fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
    parseEvent(line);
  }));
});

Deno.test("isOlder() orders versions as numbers of any length", () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n }), fc.bigInt({ min: 0n }), (a, b) => {
    assert.equal(isOlder(String(a), String(b)), a < b);
  }));
});

Deno.test("endsInitialEvents() knows the bookmark by its annotation", () => {
  const bookmark = (value: unknown) => ({
    metadata: { annotations: { "k8s.io/initial-events-end": value } },
  });
  assert.equal(endsInitialEvents(bookmark("true")), true);
  assert.equal(endsInitialEvents(bookmark("false")), false);
  assert.equal(endsInitialEvents({ metadata: {} }), false);
});
