import assert from "node:assert/strict";
import fc from "fast-check";
import { readLines, readText, TooLongError } from "../../watch/lines.ts";

function chunksOf(bytes: Uint8Array<ArrayBuffer>, cuts: readonly number[]) {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
  places.sort((a, b) => a - b);
  return places.slice(1).map((end, index) => bytes.slice(places[index], end));
}

async function linesOf(chunks: readonly Uint8Array<ArrayBuffer>[], maxBytes = 1e9) {
  const lines: string[] = [];
  for await (const batch of readLines(ReadableStream.from(chunks), maxBytes)) lines.push(...batch);
  return lines;
}

Deno.test("readLines() gives the same lines wherever the chunks are cut", async () => {
  const line = fc.string({ unit: "binary", minLength: 1 }).filter((text) => !/[\r\n]/.test(text));
  await fc.assert(
    fc.asyncProperty(
      fc.array(line),
      fc.array(fc.nat()),
      fc.boolean(),
      async (lines, cuts, closed) => {
        const text = lines.join("\n") + (closed ? "\n" : "");
        const bytes = new TextEncoder().encode(text);
        const want = lines.map((one) => new TextDecoder().decode(new TextEncoder().encode(one)));
        assert.deepEqual(await linesOf(chunksOf(bytes, cuts)), want.filter((one) => one !== ""));
      },
    ),
  );
});

Deno.test("readLines() puts a character together that two chunks share", async () => {
  const bytes = new TextEncoder().encode("é€😀\n");
  const single = [...bytes].map((byte) => Uint8Array.of(byte));
  assert.deepEqual(await linesOf(single), ["é€😀"]);
});

Deno.test("readLines() gives the lines of one chunk together", async () => {
  const batches: string[][] = [];
  const chunk = new TextEncoder().encode("a\n\nb\nc");
  for await (const batch of readLines(ReadableStream.from([chunk]), 100)) batches.push(batch);
  assert.deepEqual(batches, [["a", "b"], ["c"]]);
});

Deno.test("readLines() reads a line of 20 MB that comes in 16 kB pieces", async () => {
  const piece = new Uint8Array(16 * 1024).fill(120);
  const pieces = Array.from({ length: 1280 }, () => piece);
  const [line, ...more] = await linesOf([...pieces, Uint8Array.of(10)]);
  assert.equal(line?.length, 20 * 1024 * 1024);
  assert.deepEqual(more, []);
});

Deno.test("readLines() refuses a line without an end", async () => {
  const piece = new Uint8Array(1000);
  await assert.rejects(linesOf([piece, piece], 1999), TooLongError);
  assert.equal((await linesOf([piece, piece], 2000)).length, 1);
});

Deno.test("readText() reads all of it, and says when a piece has come", async () => {
  const bytes = new TextEncoder().encode("a\nü");
  let pieces = 0;
  const stream = ReadableStream.from(chunksOf(bytes, [3]));
  assert.equal(await readText(stream, 100, () => pieces++), "a\nü");
  assert.equal(pieces, 2);
});
