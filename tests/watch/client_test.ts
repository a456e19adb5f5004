import assert from "node:assert/strict";
import { ApiError } from "../../watch/api_error.ts";
import { createClient } from "../../watch/client.ts";
import type { Credentials, Presented } from "../../watch/credentials.ts";
import { SilenceError } from "../../watch/deadline.ts";
import { BadServer } from "../support/bad_server.ts";
import { createCertificate } from "../support/certificate.ts";
import { FakeClock } from "../support/fake_clock.ts";

const signal = new AbortController().signal;

function presenting(presented: Presented): Credentials & { refused: number } {
  return {
    refused: 0,
    current: () => Promise.resolve(presented),
    invalidate() {
      this.refused++;
    },
  };
}

function setup(server: BadServer, presented: Presented = {}) {
  const clock = new FakeClock();
  const credentials = presenting(presented);
  const client = createClient({ server: server.url, credentials, clock, userAgent: "weir/test" });
  return { clock, credentials, client };
}

Deno.test("Client presents its credentials, and returns an answer when its headers are there", async () => {
  await using server = new BadServer();
  const { client } = setup(server, { authorization: "Bearer t" });
  const asked = client.request("/api?x=1", { signal });
  const request = await server.receive();
  assert.equal(request.path, "/api");
  assert.equal(request.query.get("x"), "1");
  assert.equal(request.headers.get("authorization"), "Bearer t");
  assert.equal(request.headers.get("user-agent"), "weir/test");
  const stream = request.stream();
  stream.text("a");
  const response = await asked;
  stream.end();
  assert.equal(await response.text(), "a");
  client.close();
});

Deno.test("Client sends a body as JSON", async () => {
  await using server = new BadServer();
  const { client } = setup(server);
  const asked = client.request("/events", { signal, method: "POST", body: "{}" });
  const request = await server.receive();
  assert.equal(request.headers.get("content-type"), "application/json");
  request.json({});
  await (await asked).body?.cancel();
  client.close();
});

Deno.test("Client rejects with what the server says", async () => {
  await using server = new BadServer();
  const { client } = setup(server);
  const asked = client.request("/api", { signal });
  (await server.receive()).refuse(429, "TooManyRequests", "slow down", { "retry-after": "2" });
  await assert.rejects(asked, (error) => {
    assert.ok(error instanceof ApiError);
    const { code, reason, message, retryAfterMs } = error;
    assert.deepEqual([code, reason, message, retryAfterMs], [
      429,
      "TooManyRequests",
      "slow down",
      2000,
    ]);
    return true;
  });
  client.close();
});

Deno.test("Client tries a 401 once more, with credentials that are read anew", async () => {
  await using server = new BadServer();
  const { client, credentials } = setup(server);
  const asked = client.request("/api", { signal });
  (await server.receive()).refuse(401);
  const second = await server.receive();
  assert.equal(credentials.refused, 1);
  second.refuse(401);
  await assert.rejects(asked, ApiError);
  assert.equal(server.pending, 0);
  client.close();
});

Deno.test("Client gives up after 30 s without headers, but not on a body that takes longer", async () => {
  await using server = new BadServer();
  const { client, clock } = setup(server);
  const silent = client.request("/api", { signal });
  await server.receive();
  clock.advance(30_000);
  await assert.rejects(silent, SilenceError);
  const asked = client.request("/api", { signal });
  const stream = (await server.receive()).stream();
  const response = await asked;
  await clock.advance(60_000);
  stream.text("late");
  stream.end();
  assert.equal(await response.text(), "late");
  client.close();
});

Deno.test("Client does not wait for ever for credentials", async () => {
  await using server = new BadServer();
  const clock = new FakeClock();
  const hanging = { current: () => new Promise<never>(() => {}), invalidate: () => {} };
  const client = createClient({ server: server.url, credentials: hanging, clock });
  const late = client.request("/api", { signal });
  clock.advance(30_000);
  await assert.rejects(late, SilenceError);
  const aborted = client.request("/api", { signal: AbortSignal.abort(new Error("enough")) });
  await assert.rejects(aborted, /enough/);
  client.close();
});

Deno.test("Client ends a request with its signal", async () => {
  await using server = new BadServer();
  const { client } = setup(server);
  const ending = new AbortController();
  const asked = client.request("/api", { signal: ending.signal });
  await server.receive();
  ending.abort(new Error("enough"));
  await assert.rejects(asked, /enough/);
  client.close();
  await assert.rejects(client.request("/api", { signal }), /the client is closed/);
});

const certificate = await createCertificate();

Deno.test({
  name:
    "Client speaks TLS with the authority of its credentials, and uses a new connection after distrust()" +
    (certificate === undefined ? " (left out: openssl cannot be run)" : ""),
  ignore: certificate === undefined,
  async fn() {
    await using server = new BadServer(certificate!);
    const { client } = setup(server, { ca: certificate!.cert });
    const first = client.request("/a", { signal });
    const initial = await server.receive();
    const stream = initial.stream();
    const response = await first;
    const second = client.request("/b", { signal });
    const other = await server.receive();
    assert.equal(other.port, initial.port, "HTTP/2 shares the connection");
    other.json({});
    await (await second).body?.cancel();
    client.distrust(response);
    const third = client.request("/c", { signal });
    const fresh = await server.receive();
    assert.notEqual(fresh.port, other.port);
    fresh.json({});
    await (await third).body?.cancel();
    stream.text("still here");
    stream.end();
    assert.equal(await response.text(), "still here");
    client.close();
  },
});

Deno.test({
  name: "Client refuses a server that its authority does not know" +
    (certificate === undefined ? " (left out: openssl cannot be run)" : ""),
  ignore: certificate === undefined,
  async fn() {
    await using server = new BadServer(certificate!);
    const { client } = setup(server);
    await assert.rejects(client.request("/a", { signal }), TypeError);
    assert.equal(server.pending, 0);
    client.close();
  },
});
