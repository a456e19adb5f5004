import assert from "node:assert/strict";
import fc from "fast-check";
import { isOlder } from "../../watch/watch_event.ts";

Deno.test("isOlder() orders versions as numbers of any length", () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n }), fc.bigInt({ min: 0n }), (a, b) => {
    assert.equal(isOlder(String(a), String(b)), a < b);
  }));
});
