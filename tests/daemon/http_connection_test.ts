import { deepEqual, equal, match } from "node:assert/strict";
import type { ConnectionOptions } from "../../daemon/http_connection.ts";
import { ConnectionLimit } from "../../daemon/http_limits.ts";
import { serveListener } from "../../daemon/http_listener.ts";
import { plainText } from "../../daemon/http_routes.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { recordingLog } from "../support/log.ts";

const GET = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

/** A listener that answers with the method and the path, and clients of it. Its clock stands still. */
function serving(options: Partial<ConnectionOptions> = {}) {
  const clock = new FakeClock();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  const stop = new AbortController();
  const served = serveListener(listener, {
    name: "test",
    handler: ({ method, url }) => plainText(`${method} ${new URL(url).pathname}`),
    limit: new ConnectionLimit(),
    clock,
    log: recordingLog().log,
    ...options,
  }, stop.signal);
  const clients: Client[] = [];
  return {
    clock,
    async connect(): Promise<Client> {
      const client = new Client(await Deno.connect({ hostname: "127.0.0.1", port }));
      clients.push(client);
      return client;
    },
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.close();
      stop.abort();
      await served;
    },
  };
}

/** A client that says what a test wants. */
class Client {
  readonly #connection: Deno.TcpConn;
  #closed = false;

  constructor(connection: Deno.TcpConn) {
    this.#connection = connection;
  }

  async say(text: string): Promise<void> {
    await this.#connection.write(new TextEncoder().encode(text));
  }

  /** The next bytes that the server sends; "" when it has closed. */
  async hear(): Promise<string> {
    const bytes = new Uint8Array(4096);
    const count = await this.#connection.read(bytes).catch(() => null);
    return new TextDecoder().decode(bytes.subarray(0, count ?? 0));
  }

  /** Says `text` and returns the status of the answer, and whether the server closes after it. */
  async status(text: string): Promise<[status: number, connection: string]> {
    await this.say(text);
    const answer = await this.hear();
    const closes = /^Connection: close\r$/m.test(answer);
    return [Number(answer.split(" ")[1]), closes ? "closed" : "kept"];
  }

  close(): void {
    if (!this.#closed) this.#connection.close();
    this.#closed = true;
  }
}

Deno.test("HttpConnection answers several requests over one connection, also when they come at once", async () => {
  await using server = serving();
  const client = await server.connect();
  await client.say(GET);
  equal(
    await client.hear(),
    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\nX-Content-Type-Options: nosniff\r\n" +
      "Content-Length: 5\r\nDate: Fri, 02 Jan 2026 03:04:05 GMT\r\n\r\nGET /",
  );
  await client.say("GET /a HTTP/1.1\r\nHost: a\r\n\r\nPUT /b HTTP/1.1\nhost: a\n\n");
  let heard = "";
  while (!heard.includes("/b")) heard += await client.hear();
  match(heard, /\r\n\r\nGET \/aHTTP\/1\.1 200 OK.*\r\n\r\nPUT \/b$/s);
});

/** What clients say, and what they get for it. */
const requests: { name: string; given: string; want: [number, string] }[] = [
  { name: "HEAD", given: "HEAD /x HTTP/1.1\r\nHost: a\r\n\r\n", want: [200, "kept"] },
  { name: "HTTP/1.0", given: "GET / HTTP/1.0\r\n\r\n", want: [200, "closed"] },
  {
    name: "the wish to close",
    given: "GET / HTTP/1.1\r\nHost: a\r\nConnection: Close\r\n\r\n",
    want: [200, "closed"],
  },
  {
    name: "an absolute address",
    given: "GET http://node:10256/healthz HTTP/1.1\r\nHost: node\r\n\r\n",
    want: [200, "kept"],
  },
  {
    name: "a body",
    given: "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc",
    want: [200, "closed"],
  },
  {
    name: "a body in chunks",
    given: "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    want: [200, "closed"],
  },
  { name: "another protocol", given: "\x16\x03\x01\x00\r\n\r\n", want: [400, "closed"] },
  { name: "HTTP/2", given: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", want: [400, "closed"] },
  { name: "no Host", given: "GET / HTTP/1.1\r\n\r\n", want: [400, "closed"] },
  {
    name: "two Hosts",
    given: "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
    want: [400, "closed"],
  },
  {
    name: "a folded header",
    given: "GET / HTTP/1.1\r\nHost: a\r\nX: b\r\n c\r\n\r\n",
    want: [400, "closed"],
  },
  {
    name: "a blank before a colon",
    given: "GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\nabc",
    want: [400, "closed"],
  },
  {
    name: "a header with a control character",
    given: "GET / HTTP/1.1\r\nHost: a\r\nX: \x00\r\n\r\n",
    want: [400, "closed"],
  },
  { name: "TRACE", given: "TRACE / HTTP/1.1\r\nHost: a\r\n\r\n", want: [405, "kept"] },
  {
    name: "a head of 10 MB",
    given: `GET / HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(8192)}`,
    want: [431, "closed"],
  },
];

for (const { name, given, want } of requests) {
  Deno.test(`HttpConnection answers ${name} with ${want.join(", ")}`, async () => {
    await using server = serving();
    const client = await server.connect();
    deepEqual(await client.status(given), want);
    if (want[1] === "kept") deepEqual(await client.status(GET), [200, "kept"]);
    else equal(await client.hear(), "");
  });
}

Deno.test("HttpConnection reads no more than 8 KiB of a head that never ends", async () => {
  await using server = serving();
  const client = await server.connect();
  await client.say(`GET / HTTP/1.1\r\nHost: a\r\nX: ${"a".repeat(8000)}`);
  const flood = (async () => {
    for (let sent = 0; sent < 10_000_000; sent += 65_536) await client.say("a".repeat(65_536));
    return "sent it all";
  })().catch(() => "was cut off");
  equal((await client.hear()).split(" ")[1], "431");
  equal(await flood, "was cut off");
});

Deno.test("HttpConnection gives a client 10 s to begin", async () => {
  await using server = serving();
  const client = await server.connect();
  await limited(server.clock);
  await server.clock.advance(9_999);
  deepEqual(await client.status(GET), [200, "kept"]);
  const silent = await server.connect();
  await server.clock.settle();
  await server.clock.advance(10_000);
  equal(await silent.hear(), "");
});

Deno.test("HttpConnection gives a client 10 s for a head, however it drips", async () => {
  const ended = Promise.withResolvers<void>();
  const limit = new class extends ConnectionLimit {
    override release(): void {
      ended.resolve();
    }
  }();
  await using server = serving({ limit });
  const { clock } = server;
  const client = await server.connect();
  await limited(clock);
  let seconds: number | undefined;
  void ended.promise.then(() => seconds = clock.monotonic() / 1000);
  while (seconds === undefined) {
    await client.say("T").catch(() => {});
    await clock.advance(1_000);
  }
  equal(await client.hear(), "");
  equal(seconds <= 20, true, `it was given ${seconds} s`);
});

Deno.test("HttpConnection keeps an idle connection for 90 s", async () => {
  await using server = serving();
  const client = await server.connect();
  await client.status(GET);
  await server.clock.advance(89_999);
  deepEqual(await client.status(GET), [200, "kept"]);
  await server.clock.advance(90_000);
  equal(await client.hear(), "");
});

Deno.test("HttpConnection gives up on a client that does not read its answer", async () => {
  const asked = Promise.withResolvers<void>();
  const body = "x".repeat(50_000_000);
  await using server = serving({
    handler: () => {
      asked.resolve();
      return plainText(body);
    },
  });
  const client = await server.connect();
  await client.say(GET);
  await asked.promise;
  await limited(server.clock);
  await server.clock.advance(10_000);
  let total = 0;
  for (let text = await client.hear(); text !== ""; text = await client.hear()) {
    total += text.length;
  }
  equal(total < body.length, true);
});

Deno.test("HttpConnection answers a health check while 100 idle clients hold on to it", async () => {
  await using server = serving({ limit: new ConnectionLimit(64) });
  const idle = [];
  for (let count = 0; count < 100; count++) {
    const client = await server.connect();
    if (count % 2 === 1) await client.say("GET / HTTP/1.1\r\nHo");
    idle.push(client);
  }
  const check = await server.connect();
  deepEqual(await check.status(GET), [200, "kept"]);
  equal(await idle[0]!.hear(), "", "the one that came first had to go");
  deepEqual(await idle[99]!.status("st: a\r\n\r\n"), [200, "kept"]);
});

/** Resolves when a time limit is running. */
async function limited(clock: FakeClock): Promise<void> {
  while (clock.sleepers === 0) await clock.settle();
}
