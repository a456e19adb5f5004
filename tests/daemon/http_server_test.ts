import { deepEqual, equal, rejects } from "node:assert/strict";
import { type Handler, plainText } from "../../daemon/http_routes.ts";
import { type HttpServerOptions, serveHttp } from "../../daemon/http_server.ts";
import { systemClock } from "../../model/clock.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { recordingLog } from "../support/log.ts";

/** A server that runs until it is disposed. */
async function serving(handler: Handler, options: Partial<HttpServerOptions> = {}) {
  const stop = new AbortController();
  const bound = Promise.withResolvers<Deno.NetAddr>();
  const { log, lines } = recordingLog();
  const served = serveHttp({
    name: "test",
    address: "127.0.0.1:0",
    hardFail: true,
    handler,
    clock: systemClock,
    log,
    ...options,
    onListen: bound.resolve,
  }, stop.signal);
  served.catch(bound.reject);
  const { port } = await bound.promise;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    lines,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await served;
    },
  };
}

/** A port of the loopback address that is in use until it is disposed. */
function occupied() {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return { port: listener.addr.port, [Symbol.dispose]: () => listener.close() };
}

Deno.test("serveHttp() serves what the handler gives, and says where", async () => {
  await using server = await serving((request) => plainText(new URL(request.url).pathname));
  const response = await fetch(`${server.url}/path?query`);
  equal(await response.text(), "/path");
  deepEqual(server.lines, [`INFO  Listening server=test address=127.0.0.1:${server.port}`]);
});

/** The loopback addresses of this machine: not every container has IPv6. */
function loopbacks(): string[] {
  try {
    Deno.listen({ hostname: "::1", port: 0 }).close();
    return ["127.0.0.1", "[::1]"];
  } catch {
    return ["127.0.0.1"];
  }
}

for (const address of ["0.0.0.0:0", "[::]:0", ":0"]) {
  Deno.test(`serveHttp() on ${address} listens on both families`, async () => {
    await using server = await serving(() => plainText("x"), { address });
    for (const host of loopbacks()) {
      const response = await fetch(`http://${host}:${server.port}/`);
      equal(await response.text(), "x");
    }
  });
}

Deno.test("serveHttp() on one address listens on that one only", async () => {
  await using server = await serving(() => plainText("x"), { address: "127.0.0.1:0" });
  await rejects(fetch(`http://127.0.0.2:${server.port}/`));
});

Deno.test("serveHttp() tries to bind again every 5 s, until it can or is stopped", async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const { log, lines } = recordingLog();
  const bound = Promise.withResolvers<Deno.NetAddr>();
  const failures: string[] = [];
  const busy = occupied();
  const address = `127.0.0.1:${busy.port}`;
  const served = serveHttp({
    name: "health",
    address,
    hardFail: false,
    handler: () => plainText("x"),
    clock,
    log,
    onBindFailure: (error) => failures.push(error.message),
    onListen: bound.resolve,
  }, stop.signal);
  await clock.advance(9_999);
  const message = `Cannot listen on "${address}" for the health server`;
  deepEqual(failures, [message, message]);
  const failure = "ERROR Cannot bind, trying again server=health " +
    `error="Cannot listen on \\"${address}\\" for the health server: ` +
    'Address already in use (os error 98)" retryInMs=5000';
  deepEqual(lines, [failure, failure]);
  busy[Symbol.dispose]();
  await clock.advance(1);
  equal((await bound.promise).port, busy.port);
  equal(await (await fetch(`http://${address}/`)).text(), "x");
  stop.abort();
  await served;
});

Deno.test("serveHttp() ends at once when it is stopped between two attempts", async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  using busy = occupied();
  const served = serveHttp({
    name: "health",
    address: `127.0.0.1:${busy.port}`,
    hardFail: false,
    handler: () => plainText("x"),
    clock,
    log: recordingLog().log,
  }, stop.signal);
  await clock.settle();
  stop.abort();
  await served;
});

Deno.test("serveHttp() with hardFail rejects when it cannot bind", async () => {
  using busy = occupied();
  await rejects(serving(() => plainText("x"), { address: `127.0.0.1:${busy.port}` }), {
    message: `Cannot listen on "127.0.0.1:${busy.port}" for the test server`,
  });
});

Deno.test("serveHttp() refuses an address that is none", async () => {
  await rejects(serving(() => plainText("x"), { address: "::1", hardFail: false }), {
    name: "TypeError",
    message: 'Cannot listen on "::1": write "IP:port", with an IPv6 address in []',
  });
});

Deno.test("serveHttp() answers 500 when the handler fails, tells the log, and goes on", async () => {
  await using server = await serving((request) => {
    if (request.url.endsWith("/bad")) throw new Error("broken");
    return plainText("x");
  });
  const bad = await fetch(`${server.url}/bad`);
  deepEqual([bad.status, await bad.text()], [500, "Internal error\n"]);
  equal(server.lines[1]?.includes('error="broken"'), true);
  equal(await (await fetch(server.url)).text(), "x");
});

Deno.test("serveHttp() answers 503 when the handler takes longer than 10 s", async () => {
  const clock = new FakeClock();
  const asked = Promise.withResolvers<void>();
  await using server = await serving(() => {
    asked.resolve();
    return new Promise(() => {});
  }, { clock });
  const answer = fetch(server.url);
  await asked.promise;
  await clock.advance(10_000);
  const response = await answer;
  deepEqual([response.status, await response.text()], [503, "The answer takes too long\n"]);
});

Deno.test("serveHttp() works on 64 requests at a time, and takes no other connection meanwhile", async () => {
  const free = Promise.withResolvers<void>();
  let active = 0;
  const full = Promise.withResolvers<void>();
  await using server = await serving(async () => {
    if (++active === 64) full.resolve();
    await free.promise;
    return plainText("x");
  });
  const first = Array.from({ length: 64 }, () => fetch(server.url).then((r) => r.text()));
  await full.promise;
  await rejects(fetch(server.url));
  free.resolve();
  deepEqual(new Set(await Promise.all(first)), new Set(["x"]));
  equal(await (await fetch(server.url)).text(), "x");
});

Deno.test("serveHttp() answers without waiting for a body that never ends", async () => {
  await using server = await serving(() => plainText("x"));
  const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000\r\n\r\nabc";
  await connection.write(new TextEncoder().encode(head));
  const answer = new Uint8Array(100);
  await connection.read(answer);
  equal(new TextDecoder().decode(answer).startsWith("HTTP/1.1 200"), true);
  connection.close();
});

Deno.test("serveHttp() closes connections that are idle or half a request when it is stopped", async () => {
  const server = await serving(() => plainText("x"));
  const open = () => Deno.connect({ hostname: "127.0.0.1", port: server.port });
  const connections = await Promise.all([open(), open()]);
  await connections[1]?.write(new TextEncoder().encode("GET / HTTP/1.1\r\nHo"));
  await server[Symbol.asyncDispose]();
  for (const connection of connections) {
    const end = await connection.read(new Uint8Array(1)).catch((error) => error.name);
    equal(end === null || end === "ConnectionReset", true);
    connection.close();
  }
});
