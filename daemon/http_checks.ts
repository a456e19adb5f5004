import { type Handler, plainText, type Routes } from "./http_routes.ts";

const EXPOSITION = "text/plain; version=0.0.4; charset=utf-8";

/**
 * Returns the health check of the metrics server, and the metrics of such checks (KEP-3466).
 *
 * The check is called `ping`, and says that the server answers, which is all that it is about: syncs are the health
 * server's business. `?verbose` lists it, `?exclude=ping` leaves it out; a DELETE of `/metrics/slis` forgets the past.
 */
export function checkRoutes(startedAt: number): Routes {
  let passed = 0;
  let reset = false;
  const healthz: Handler = ({ url }) => {
    const { searchParams } = new URL(url);
    const isExcluded = searchParams.getAll("exclude").includes("ping");
    if (!isExcluded) passed++;
    if (!searchParams.has("verbose")) return plainText("ok");
    return plainText(`[+]ping ${isExcluded ? "excluded: " : ""}ok\nhealthz check passed\n`);
  };
  const slis: Handler = ({ method }) => {
    if (method !== "DELETE") {
      const text = [...passed > 0 ? checks(passed) : [], ...reset ? [] : start(startedAt)];
      return new Response(text.map((line) => `${line}\n`).join(""), {
        headers: { "Content-Type": EXPOSITION },
      });
    }
    passed = 0;
    reset = true;
    return plainText("metrics reset\n");
  };
  return {
    "/healthz": healthz,
    "/healthz/ping": () => plainText("ok"),
    "/metrics/slis": slis,
  };
}

function checks(passed: number): string[] {
  return [
    "# HELP kubernetes_healthcheck [STABLE] This metric records the result of a single healthcheck.",
    "# TYPE kubernetes_healthcheck gauge",
    'kubernetes_healthcheck{name="ping",type="healthz"} 1',
    "# HELP kubernetes_healthchecks_total [STABLE] This metric records the results of all healthcheck.",
    "# TYPE kubernetes_healthchecks_total counter",
    `kubernetes_healthchecks_total{name="ping",status="success",type="healthz"} ${passed}`,
  ];
}

function start(startedAt: number): string[] {
  return [
    "# HELP process_start_time_seconds [ALPHA] Start time of the process since unix epoch in seconds.",
    "# TYPE process_start_time_seconds gauge",
    `process_start_time_seconds ${startedAt / 1000}`,
  ];
}
