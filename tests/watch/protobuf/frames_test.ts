import assert from "node:assert/strict";
import fc from "fast-check";
import { TooLongError } from "../../../watch/pieces.ts";
import { FrameSplitter } from "../../../watch/protobuf/frames.ts";
import { concat, frame } from "../../support/protobuf.ts";
import { chunksOf } from "../_chunks.ts";

function framesOf(chunks: Iterable<Uint8Array>, maxBytes = 1000): Uint8Array[] {
  const splitter = new FrameSplitter(maxBytes);
  const frames: Uint8Array[] = [];
  for (const chunk of chunks) {
    splitter.push(chunk, (bytes, start, end) => frames.push(bytes.slice(start, end)));
  }
  return frames;
}

Deno.test("FrameSplitter gives the same frames wherever the chunks are cut", () => {
  fc.assert(fc.property(
    fc.array(fc.uint8Array({ maxLength: 20 })),
    fc.array(fc.nat()),
    fc.boolean(),
    (frames, cuts, cutShort) => {
      const bytes = concat(frames.map(frame));
      const sent = cutShort ? bytes.subarray(0, -1) : bytes;
      const want = cutShort ? frames.slice(0, -1) : frames;
      assert.deepEqual(framesOf(chunksOf(sent, cuts)), want.map((one) => Uint8Array.from(one)));
    },
  ));
});

Deno.test("FrameSplitter refuses a frame that says that it is too long before it reads it", () => {
  const html = new TextEncoder().encode("<html>");
  assert.throws(() => framesOf([html]), TooLongError);
  assert.throws(() => framesOf(chunksOf(html, [1, 2, 3, 4, 5])), TooLongError);
  assert.equal(framesOf([frame(new Uint8Array(1000))])[0]?.length, 1000);
  assert.throws(() => framesOf([frame(new Uint8Array(1001))]), TooLongError);
});
