import type { Clock } from "../model/clock.ts";
import { ApiError } from "../watch/api_error.ts";
import type { Client, RequestOptions } from "../watch/client.ts";
import type { Metrics } from "./metrics.ts";
import type { MetricsRegistry } from "./metrics_registry.ts";

/** client-go's buckets for requests, in seconds. */
const SECONDS = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];

/** client-go's buckets for sizes, in bytes. */
const BYTES = [64, 256, 512, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216];

/** Makes the metrics of requests to the API server, under client-go's names. */
export function requestMetrics(registry: MetricsRegistry) {
  return {
    requests: registry.counter({
      name: "rest_client_requests_total",
      help: "Number of HTTP requests, partitioned by status code, method, and host.",
      labels: ["code", "method", "host"],
    }),
    requestDuration: registry.histogram({
      name: "rest_client_request_duration_seconds",
      help:
        "Request latency in seconds, of requests that are no watches. Broken down by verb, and host.",
      labels: ["verb", "host"],
      buckets: SECONDS,
    }),
    requestSize: registry.histogram({
      name: "rest_client_request_size_bytes",
      help: "Request size in bytes. Broken down by verb and host.",
      labels: ["verb", "host"],
      buckets: BYTES,
    }),
  };
}

/** What is measured of requests. */
type RequestMetrics = Pick<Metrics, "requests" | "requestDuration" | "requestSize">;

/**
 * Returns a client that counts and measures the requests of `client`.
 *
 * A request that got no answer counts with the code `<error>`, as in client-go; one that the caller has ended does not
 * count.
 */
export function measured(
  client: Client,
  metrics: RequestMetrics,
  clock: Pick<Clock, "monotonic">,
): Client {
  const { host } = new URL(client.server);
  return {
    server: client.server,
    distrust: (response) => client.distrust(response),
    close: () => client.close(),
    async request(path: string, options: RequestOptions): Promise<Response> {
      const { method = "GET", body = "", signal } = options;
      const started = clock.monotonic();
      const count = (code: number | "<error>") => {
        metrics.requests.inc({ code: String(code), method, host });
        if (new URLSearchParams(path.split("?")[1]).has("watch")) return;
        const labels = { verb: method, host };
        metrics.requestDuration.observe(labels, (clock.monotonic() - started) / 1000);
        metrics.requestSize.observe(labels, new TextEncoder().encode(body).length);
      };
      try {
        const response = await client.request(path, options);
        count(response.status);
        return response;
      } catch (error) {
        if (!signal.aborted) count(error instanceof ApiError ? error.code : "<error>");
        throw error;
      }
    },
  };
}
