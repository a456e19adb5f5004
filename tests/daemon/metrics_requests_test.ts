import { deepEqual, equal, rejects } from "node:assert/strict";
import { createMetrics } from "../../daemon/metrics.ts";
import { measured } from "../../daemon/metrics_requests.ts";
import { ApiError } from "../../watch/api_error.ts";
import type { Client, RequestOptions } from "../../watch/client.ts";
import { FakeClock } from "../support/fake_clock.ts";

const { signal } = new AbortController();

/** A measured client whose requests take two seconds and end as `answer` does. */
function subject(answer: () => Response) {
  const clock = new FakeClock();
  const metrics = createMetrics();
  const calls: string[] = [];
  const client: Client = {
    server: "https://api.example:6443",
    async request(path) {
      calls.push(`request ${path}`);
      await clock.sleep(2_000);
      return answer();
    },
    distrust: () => void calls.push("distrust"),
    close: () => void calls.push("close"),
  };
  const own = measured(client, metrics, clock);
  const lines = async () =>
    (await metrics.text()).split("\n").filter((line) =>
      /^rest_client_.*(?:_total|_sum)\{/.test(line)
    );
  const request = async (path: string, options: Partial<RequestOptions> = {}) => {
    const asked = own.request(path, { signal, ...options });
    asked.catch(() => {});
    await clock.advance(2_000);
    return await asked;
  };
  return { own, calls, lines, request };
}

Deno.test("measured() counts a request, and measures its time and its size", async () => {
  const { request, lines } = subject(() => new Response("{}", { status: 201 }));
  equal((await request("/events?x", { method: "POST", body: "äö" })).status, 201);
  deepEqual(await lines(), [
    'rest_client_requests_total{code="201",method="POST",host="api.example:6443"} 1',
    'rest_client_request_duration_seconds_sum{verb="POST",host="api.example:6443"} 2',
    'rest_client_request_size_bytes_sum{verb="POST",host="api.example:6443"} 4',
  ]);
});

Deno.test("measured() counts a watch, which has no time", async () => {
  const { request, lines } = subject(() => new Response("{}"));
  await request("/services?watch=1&allowWatchBookmarks=true");
  deepEqual(await lines(), [
    'rest_client_requests_total{code="200",method="GET",host="api.example:6443"} 1',
  ]);
});

Deno.test("measured() counts refusals by their code and what got no answer as an error, and rejects as before", async () => {
  const errors = [new ApiError(403, "Forbidden", "no"), new TypeError("connection refused")];
  const { request, lines } = subject(() => {
    throw errors.shift();
  });
  await rejects(request("/services?watch=1"), { name: "ApiError", message: "no" });
  await rejects(request("/services?watch=1"), { name: "TypeError" });
  deepEqual(await lines(), [
    'rest_client_requests_total{code="403",method="GET",host="api.example:6443"} 1',
    'rest_client_requests_total{code="<error>",method="GET",host="api.example:6443"} 1',
  ]);
});

Deno.test("measured() does not count what the caller has ended", async () => {
  const { request, lines } = subject(() => {
    throw new DOMException("aborted", "AbortError");
  });
  await rejects(request("/services", { signal: AbortSignal.abort() }));
  deepEqual(await lines(), []);
});

Deno.test("measured() passes everything else on", () => {
  const { own, calls } = subject(() => new Response());
  own.distrust(new Response());
  own.close();
  deepEqual([own.server, ...calls], ["https://api.example:6443", "distrust", "close"]);
});
