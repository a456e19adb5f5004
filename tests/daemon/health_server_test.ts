import { deepEqual, equal } from "node:assert/strict";
import { Health } from "../../daemon/health.ts";
import { Readiness } from "../../daemon/health_readiness.ts";
import { serveHealth } from "../../daemon/health_server.ts";
import { StandingFindings } from "../../daemon/standing_findings.ts";
import { systemClock } from "../../model/clock.ts";
import { Store } from "../../watch/store.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { recordingLog } from "../support/log.ts";

/** A health server over a health state that the test drives. */
async function serving() {
  const clock = new FakeClock();
  const health = new Health({ clock, staleMs: 1000 });
  const store = new Store(() => clock.monotonic());
  const readiness = new Readiness({
    health,
    store,
    findings: new StandingFindings(),
    families: ["IPv4"],
    nodeName: "node-a",
    clock,
  });
  const stop = new AbortController();
  const bound = Promise.withResolvers<Deno.NetAddr>();
  const answers: [string, number][] = [];
  const served = serveHealth({
    health,
    readiness,
    address: "127.0.0.1:0",
    hardFail: true,
    onAnswer: (check, status) => answers.push([check, status]),
    onListen: bound.resolve,
    clock: systemClock,
    log: recordingLog().log,
  }, stop.signal);
  const { port } = await bound.promise;
  return {
    health,
    store,
    clock,
    answers,
    get: (path: string) => fetch(`http://127.0.0.1:${port}${path}`),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await served;
    },
  };
}

Deno.test("serveHealth() answers both checks as kube-proxy does, and tells of every answer", async () => {
  await using server = await serving();
  const healthz = await server.get("/healthz");
  equal(healthz.status, 503);
  equal(healthz.headers.get("content-type"), "application/json");
  equal(healthz.headers.get("x-content-type-options"), "nosniff");
  equal(
    await healthz.text(),
    '{"lastUpdated":"0001-01-01T00:00:00Z","currentTime":"2026-01-02T03:04:05Z",' +
      '"nodeEligible":false,"healthy":true}',
  );
  const livez = await server.get("/livez");
  equal(livez.status, 200);
  equal(
    await livez.text(),
    '{"lastUpdated":"2026-01-02T03:04:05Z","currentTime":"2026-01-02T03:04:05Z","healthy":true}',
  );
  deepEqual(server.answers, [["healthz", 503], ["livez", 200]]);
});

Deno.test("serveHealth() says so when a sync is late, and when it has recovered", async () => {
  await using server = await serving();
  const livez = async () => {
    const response = await server.get("/livez");
    await response.body?.cancel();
    return response.status;
  };
  server.health.begun("IPv4");
  server.health.queued("IPv4");
  equal(await livez(), 200);
  await server.clock.advance(1000);
  equal(await livez(), 503);
  server.health.started("IPv4");
  server.health.synced("IPv4");
  equal(await livez(), 200);
});

Deno.test("serveHealth() answers /readyz with reasons", async () => {
  await using server = await serving();
  const readyz = async () => {
    const response = await server.get("/readyz");
    equal(response.headers.get("content-type"), "application/json");
    return [response.status, (await response.json()).reasons];
  };
  deepEqual(await readyz(), [503, [
    "The first list of kind Service is not there yet",
    "The first list of kind EndpointSlice is not there yet",
    "IPv4: no sync has succeeded yet",
  ]]);
  server.store.replace("Service", []);
  server.store.replace("EndpointSlice", []);
  server.health.begun("IPv4");
  server.health.started("IPv4");
  server.health.synced("IPv4");
  deepEqual(await readyz(), [200, []]);
  deepEqual(server.answers, []);
});

Deno.test("serveHealth() knows no other paths", async () => {
  await using server = await serving();
  const response = await server.get("/metrics");
  deepEqual([response.status, await response.text()], [404, "404 page not found\n"]);
  deepEqual(server.answers, []);
});
