import assert from "node:assert/strict";
import fc from "fast-check";
import { LineSplitter } from "../../watch/lines.ts";
import { TooLongError } from "../../watch/pieces.ts";
import { chunksOf } from "./_chunks.ts";

function linesOf(chunks: Iterable<Uint8Array<ArrayBuffer>>, maxBytes = 1e9): string[] {
  const splitter = new LineSplitter(maxBytes);
  const lines: string[] = [];
  for (const chunk of chunks) lines.push(...splitter.push(chunk));
  return [...lines, ...splitter.end()];
}

Deno.test("LineSplitter gives the same lines wherever the chunks are cut", () => {
  const line = fc.string({ unit: "binary", minLength: 1 }).filter((text) => !/[\r\n]/.test(text));
  fc.assert(fc.property(
    fc.array(line),
    fc.array(fc.nat()),
    fc.boolean(),
    (lines, cuts, closed) => {
      const text = lines.join("\n") + (closed ? "\n" : "");
      const bytes = new TextEncoder().encode(text);
      const want = lines.map((one) => new TextDecoder().decode(new TextEncoder().encode(one)));
      assert.deepEqual(linesOf(chunksOf(bytes, cuts)), want.filter((one) => one !== ""));
    },
  ));
});

Deno.test("LineSplitter puts a character together that chunks share", () => {
  const bytes = new TextEncoder().encode("é€😀\n");
  assert.deepEqual(linesOf(chunksOf(bytes, [...bytes.keys()])), ["é€😀"]);
});

Deno.test("LineSplitter gives the lines of one chunk together", () => {
  const splitter = new LineSplitter(100);
  assert.deepEqual(splitter.push(new TextEncoder().encode("a\n\nb\r\n\r\nc")), ["a", "b\r"]);
  assert.deepEqual(splitter.end(), ["c"]);
});

Deno.test("LineSplitter reads a line of 20 MB that comes in 16 kB pieces", () => {
  const piece = new Uint8Array(16 * 1024).fill(120);
  const pieces = Array.from({ length: 1280 }, () => piece);
  const [line, ...more] = linesOf([...pieces, Uint8Array.of(10)]);
  assert.equal(line?.length, 20 * 1024 * 1024);
  assert.deepEqual(more, []);
});

Deno.test("LineSplitter refuses a line that is too long, with and without an end", () => {
  const piece = new Uint8Array(1000);
  assert.throws(() => linesOf([piece, piece], 1999), TooLongError);
  assert.equal(linesOf([piece, piece], 2000).length, 1);
  assert.throws(() => linesOf([new TextEncoder().encode("123456\n")], 5), TooLongError);
});
