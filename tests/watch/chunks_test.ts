import assert from "node:assert/strict";
import { chunksOf } from "../../watch/chunks.ts";

async function textOf(response: Response): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of chunksOf(response)) text += decoder.decode(chunk, { stream: true });
  return text;
}

Deno.test("chunksOf() yields all bytes of an answer over the network, and ends", async () => {
  const text = "0123456789".repeat(50_000);
  await using server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen() {} },
    () => new Response(text),
  );
  assert.equal(await textOf(await fetch(`http://127.0.0.1:${server.addr.port}`)), text);
});

Deno.test("chunksOf() takes a stream of any kind, and no body at all", async () => {
  const bytes = new TextEncoder().encode("abc");
  assert.equal(await textOf(new Response(ReadableStream.from([bytes, bytes]))), "abcabc");
  assert.equal(await textOf(new Response(null)), "");
});

Deno.test("chunksOf() cancels what is not read", async () => {
  let cancelled = false;
  const stream = new ReadableStream({
    type: "bytes",
    pull: (controller) => controller.enqueue(new Uint8Array(10)),
    cancel: () => {
      cancelled = true;
    },
  });
  for await (const chunk of chunksOf(new Response(stream))) {
    assert.equal(chunk.length, 10);
    break;
  }
  assert.equal(cancelled, true);
});
