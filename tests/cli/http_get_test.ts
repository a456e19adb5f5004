import assert from "node:assert/strict";
import { httpGet } from "../../cli/http_get.ts";

/** Asks a server that takes one connection, and does with it what it is told. */
async function getFrom(
  serve: (connection: Deno.TcpConn) => Promise<void>,
  signal: AbortSignal = AbortSignal.timeout(10_000),
) {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const served = listener.accept().then(serve);
  try {
    const { hostname, port } = listener.addr;
    return await httpGet({ hostname, port }, "/path?a=b", signal);
  } finally {
    await served;
  }
}

/** Returns what answers with `text`, after it has read the request. */
function answering(text: string, asked: string[] = []) {
  return async (connection: Deno.TcpConn) => {
    using one = connection;
    const bytes = new Uint8Array(1_000);
    asked.push(new TextDecoder().decode(bytes.subarray(0, await one.read(bytes) ?? 0)));
    await one.write(new TextEncoder().encode(text));
  };
}

Deno.test("httpGet() asks for a path, and returns the status and the body", async () => {
  const asked: string[] = [];
  const text = "HTTP/1.1 404 Not Found\r\nContent-Length: 5\r\n\r\nno\n\r\n";
  assert.deepEqual(await getFrom(answering(text, asked)), { status: 404, body: "no\n\r\n" });
  assert.deepEqual(asked, ["GET /path?a=b HTTP/1.0\r\n\r\n"]);
});

Deno.test("httpGet() rejects what is not HTTP, and an answer that is cut off", async () => {
  await assert.rejects(getFrom(answering("SSH-2.0-x\r\n\r\n")), /not HTTP/);
  await assert.rejects(getFrom(answering("HTTP/1.1 200 OK\r\nX: ")), /not HTTP/);
});

Deno.test("httpGet() does not wait for a server that never answers", async () => {
  const stop = new AbortController();
  const silent = async (connection: Deno.TcpConn) => {
    using one = connection;
    await one.read(new Uint8Array(1_000));
    stop.abort();
    while (await one.read(new Uint8Array(1_000)) !== null);
  };
  await assert.rejects(getFrom(silent, stop.signal), /no answer in time/);
});
