import { deepEqual, equal } from "node:assert/strict";
import { serveMetrics } from "../../daemon/metrics_server.ts";
import { systemClock } from "../../model/clock.ts";
import { recordingLog } from "../support/log.ts";

const EXPOSITION = "# TYPE x counter\n" + "x 1\n".repeat(100);

async function serving() {
  const stop = new AbortController();
  const bound = Promise.withResolvers<Deno.NetAddr>();
  const served = serveMetrics({
    address: "127.0.0.1:0",
    hardFail: true,
    metrics: () => Promise.resolve(EXPOSITION),
    mode: "nftables",
    config: () => ({ mode: "ipvs", nodePortAddresses: ["primary"] }),
    onListen: bound.resolve,
    clock: systemClock,
    log: recordingLog().log,
  }, stop.signal);
  const { port } = await bound.promise;
  return {
    port,
    get: (path: string) => fetch(`http://127.0.0.1:${port}${path}`),
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
