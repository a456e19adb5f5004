import assert from "node:assert/strict";
import fc from "fast-check";
import { BytesPool } from "../../../watch/protobuf/bytes_pool.ts";

Deno.test("BytesPool finds a value by exactly its bytes, wherever those are, and forgets at most", () => {
  const key = fc.uint8Array({ maxLength: 4 });
  fc.assert(fc.property(fc.array(fc.tuple(key, fc.nat(3))), (entries) => {
    const pool = new BytesPool<string>();
    for (const [bytes, before] of entries) {
      const padded = Uint8Array.of(...new Uint8Array(before).fill(7), ...bytes, 9);
      const found = pool.find(padded, before, before + bytes.length);
      if (found !== undefined) assert.equal(found, String(bytes));
      pool.add(padded, before, before + bytes.length, String(bytes));
      assert.equal(pool.find(bytes, 0, bytes.length), String(bytes));
      padded.fill(0);
    }
  }));
});

Deno.test("BytesPool does not keep what is long", () => {
  const pool = new BytesPool<string>();
  const long = new Uint8Array(1000);
  assert.equal(pool.add(long, 0, 1000, "long"), "long");
  assert.equal(pool.find(long, 0, 1000), undefined);
});
