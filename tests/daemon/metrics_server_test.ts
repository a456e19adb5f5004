import { deepEqual, equal } from "node:assert/strict";
import { Health } from "../../daemon/health.ts";
import { Readiness } from "../../daemon/health_readiness.ts";
import { type MetricsServerOptions, serveMetrics } from "../../daemon/metrics_server.ts";
import { StandingFindings } from "../../daemon/standing_findings.ts";
import { Store } from "../../watch/store.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { recordingLog } from "../support/log.ts";

const EXPOSITION = "# TYPE x counter\n" + "x 1\n".repeat(100);

async function serving(options: Partial<MetricsServerOptions> = {}) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const bound = Promise.withResolvers<Deno.NetAddr>();
  const served = serveMetrics({
    address: "127.0.0.1:0",
    hardFail: true,
    metrics: () => Promise.resolve(EXPOSITION),
    mode: "nftables",
    config: () => ({ mode: "ipvs", nodePortAddresses: ["primary"] }),
    readiness: new Readiness({
      health: new Health({ clock, staleMs: 1 }),
      store: new Store(),
      findings: new StandingFindings(),
      families: ["IPv4"],
      nodeName: "node-a",
      clock,
    }),
    flags: () => ({ v: "2", config: "/etc/weir.yaml" }),
    onListen: bound.resolve,
    clock,
    log: recordingLog().log,
    ...options,
  }, stop.signal);
  const { port } = await bound.promise;
  return {
    port,
    clock,
    get: (path: string, accept = "*/*", method = "GET") =>
      fetch(`http://127.0.0.1:${port}${path}`, { method, headers: { accept } }),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await served;
    },
  };
}

const TEXT = "text/plain; charset=utf-8";

/** BEHAVIOUR.md 8.3, and row 98 of its checklist. */
const cases: { path: string; status?: number; type: string; body: string }[] = [
  { path: "/metrics", type: "text/plain; version=0.0.4; charset=utf-8", body: EXPOSITION },
  { path: "/healthz", type: TEXT, body: "ok" },
  { path: "/healthz?verbose", type: TEXT, body: "[+]ping ok\nhealthz check passed\n" },
  {
    path: "/healthz?verbose&exclude=ping",
    type: TEXT,
    body: "[+]ping excluded: ok\nhealthz check passed\n",
  },
  { path: "/healthz/ping", type: TEXT, body: "ok" },
  { path: "/proxyMode", type: TEXT, body: "nftables" },
  {
    path: "/configz",
    type: "application/json",
    body: '{"kubeproxy.config.k8s.io":{"kind":"KubeProxyConfiguration",' +
      '"apiVersion":"kubeproxy.config.k8s.io/v1alpha1","mode":"ipvs","nodePortAddresses":["primary"]}}',
  },
  { path: "/", status: 404, type: TEXT, body: "404 page not found\n" },
];

for (const { path, status = 200, type, body } of cases) {
  Deno.test(`serveMetrics() answers ${path}`, async () => {
    await using server = await serving();
    const response = await server.get(path);
    deepEqual([response.status, response.headers.get("content-type"), await response.text()], [
      status,
      type,
      body,
    ]);
  });
}

Deno.test("serveMetrics() compresses the metrics only for those who accept it", async () => {
  await using server = await serving();
  for (const accept of ["gzip", "identity"]) {
    const connection = await Deno.connect({ hostname: "127.0.0.1", port: server.port });
    const request =
      `GET /metrics HTTP/1.1\r\nHost: a\r\nConnection: close\r\nAccept-Encoding: ${accept}\r\n\r\n`;
    await connection.write(new TextEncoder().encode(request));
    const answer = await new Response(connection.readable).bytes();
    const head = new TextDecoder("latin1").decode(answer).split("\r\n\r\n")[0] ?? "";
    equal(head.toLowerCase().includes("content-encoding: gzip"), accept === "gzip");
  }
});

Deno.test("serveMetrics() tells the details on /readyz", async () => {
  await using server = await serving();
  const response = await server.get("/readyz");
  equal(response.status, 503);
  deepEqual((await response.json()).findings.list, []);
});

Deno.test("serveMetrics() counts health checks, until the count is reset", async () => {
  await using server = await serving();
  const slis = async (method = "GET") => {
    const text = await (await server.get("/metrics/slis", "*/*", method)).text();
    return text.split("\n").filter((line) => !line.startsWith("#") && line !== "");
  };
  const started = `process_start_time_seconds ${server.clock.now() / 1000}`;
  deepEqual(await slis(), [started]);
  for (const path of ["/healthz", "/healthz?verbose", "/healthz?exclude=ping", "/healthz/ping"]) {
    await (await server.get(path)).body?.cancel();
  }
  deepEqual(await slis(), [
    'kubernetes_healthcheck{name="ping",type="healthz"} 1',
    'kubernetes_healthchecks_total{name="ping",status="success",type="healthz"} 2',
    started,
  ]);
  deepEqual(await slis("DELETE"), ["metrics reset"]);
  deepEqual(await slis(), []);
});

Deno.test("serveMetrics() tells the flags on /flagz, as text and as an object", async () => {
  await using server = await serving();
  const text = await (await server.get("/flagz")).text();
  equal(text.split("\n").slice(3).join("\n"), "config=/etc/weir.yaml\nv=2\n");
  const type = "application/json;v=v1beta1;g=config.k8s.io;as=Flagz";
  const object = await (await server.get("/flagz", type)).json();
  deepEqual(object, {
    kind: "Flagz",
    apiVersion: "config.k8s.io/v1beta1",
    metadata: { name: "kube-proxy" },
    flags: { config: "/etc/weir.yaml", v: "2" },
  });
  const old = await server.get("/flagz", "application/json;v=v1alpha1;g=config.k8s.io;as=Flagz");
  equal(old.headers.has("warning"), true);
  equal((await old.json()).apiVersion, "config.k8s.io/v1alpha1");
  const other = await server.get("/flagz", "application/json");
  deepEqual([other.status, (await other.json()).reason], [406, "NotAcceptable"]);
});

Deno.test("serveMetrics() tells since when it runs on /statusz", async () => {
  await using server = await serving();
  await server.clock.advance(3_661_500);
  const lines = (await (await server.get("/statusz")).text()).split("\n");
  deepEqual(lines.slice(4, 6), [
    "Started:  Fri, 02 Jan 2026 03:04:05 GMT",
    "Up:  1 hr 01 min 01 sec",
  ]);
  const type = "application/json;v=v1beta1;g=config.k8s.io;as=Statusz";
  const { startTime, uptimeSeconds, paths } = await (await server.get("/statusz", type)).json();
  deepEqual([startTime, uptimeSeconds], ["2026-01-02T03:04:05Z", 3661]);
  deepEqual(paths, ["/configz", "/flagz", "/healthz", "/metrics", "/proxyMode"]);
});

Deno.test("serveMetrics() has no /flagz and no /statusz where their gates are off", async () => {
  await using server = await serving({ flags: undefined, statusz: false });
  for (const path of ["/flagz", "/statusz"]) {
    const response = await server.get(path);
    equal(response.status, 404);
    await response.body?.cancel();
  }
});
