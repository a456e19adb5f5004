import assert from "node:assert/strict";
import fc from "fast-check";
import { Pieces, readBytes, TooLongError } from "../../watch/pieces.ts";
import { chunksOf } from "./_chunks.ts";

Deno.test("Pieces gives back what was added, as one, and then begins anew", () => {
  const content = fc.uint8Array({ maxLength: 300 });
  fc.assert(fc.property(fc.array(fc.tuple(content, fc.array(fc.nat()))), (rounds) => {
    const pieces = new Pieces(1000);
    for (const [bytes, cuts] of rounds) {
      for (const chunk of chunksOf(bytes, cuts)) pieces.add(chunk);
      assert.equal(pieces.size, bytes.length);
      assert.deepEqual(pieces.take().slice(), Uint8Array.from(bytes));
    }
  }));
});

Deno.test("Pieces refuses to grow beyond its limit", () => {
  const pieces = new Pieces(5);
  pieces.add(new Uint8Array(5));
  assert.throws(() => pieces.add(new Uint8Array(1)), TooLongError);
});

Deno.test("readBytes() reads all of an answer, and says when a piece has come", async () => {
  const [head, tail] = ["a\n", "ü"].map((text) => new TextEncoder().encode(text));
  let pieces = 0;
  const response = new Response(ReadableStream.from([head!, tail!]));
  const bytes = await readBytes(response, 100, () => pieces++);
  assert.equal(new TextDecoder().decode(bytes), "a\nü");
  assert.equal(pieces, 2);
  await assert.rejects(readBytes(new Response("abc"), 2), TooLongError);
  assert.equal((await readBytes(new Response(null), 2)).length, 0);
});
