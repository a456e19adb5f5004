import { deepEqual } from "node:assert/strict";
import { createMetrics, type Metrics } from "../../daemon/metrics.ts";
import { metricsObserver } from "../../daemon/metrics_observer.ts";
import { advance } from "../../model/advance.ts";
import { emptyState } from "../../model/desired_state.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { service, settings, slice, snapshotOf } from "../support/objects.ts";
import { syncFacts } from "../support/sync_facts.ts";

const facts = syncFacts({
  family: "IPv6",
  mode: "partial",
  elements: 3,
  bytes: 100,
  deriveMs: 1,
  renderMs: 2,
  applyMs: 4,
  totalMs: 8,
});

/** An observer of fresh metrics. The process began a minute ago. */
function observed() {
  const metrics = createMetrics();
  const clock = new FakeClock(Date.parse("2026-01-02T03:04:05Z"));
  const observer = metricsObserver(metrics, { clock, startedAt: clock.now() - 60_000 });
  return { metrics, observer };
}

/** The samples that are not buckets, and whose names begin with `prefix` followed by one of `names`. */
async function read(metrics: Metrics, prefix: string, names: string[]): Promise<string[]> {
  const lines = (await metrics.text()).split("\n");
  return names.flatMap((name) =>
    lines.filter((line) => line.startsWith(prefix + name) && !line.includes("_bucket"))
  ).map((line) => line.slice(prefix.length));
}

Deno.test("metricsObserver() records a partial sync", async () => {
  const { metrics, observer } = observed();
  observer.synced(facts);
  deepEqual(await read(metrics, "kubeproxy_sync_", ["proxy_rules_dur", "full", "partial"]), [
    'proxy_rules_duration_seconds_sum{ip_family="IPv6"} 0.008',
    'proxy_rules_duration_seconds_count{ip_family="IPv6"} 1',
    'partial_proxy_rules_duration_seconds_sum{ip_family="IPv6"} 0.008',
    'partial_proxy_rules_duration_seconds_count{ip_family="IPv6"} 1',
  ]);
  deepEqual(await read(metrics, "kubeproxy_sync_proxy_rules_", ["last", "nftables_sync"]), [
    'last_timestamp_seconds{ip_family="IPv6"} 1767323045',
  ]);
  deepEqual(await read(metrics, "weir_", ["sync_elements_sum", "transaction_bytes_sum"]), [
    'sync_elements_sum{ip_family="IPv6",mode="partial"} 3',
    'transaction_bytes_sum{ip_family="IPv6",mode="partial"} 100',
  ]);
  deepEqual(await read(metrics, "weir_sync_phase_duration_seconds_", ["sum"]), [
    'sum{phase="derive",ip_family="IPv6"} 0.001',
    'sum{phase="render",ip_family="IPv6"} 0.002',
    'sum{phase="apply",ip_family="IPv6"} 0.004',
  ]);
});

Deno.test("metricsObserver() records a failed full sync as one that took its time and failed", async () => {
  const { metrics, observer } = observed();
  const error = new Error("nft failed");
  observer.failed({ family: "IPv4", services: 1, mode: "full", error, totalMs: 500 });
  deepEqual(await read(metrics, "kubeproxy_sync_", ["proxy_rules_dur", "full", "partial"]), [
    'proxy_rules_duration_seconds_sum{ip_family="IPv4"} 0.5',
    'proxy_rules_duration_seconds_count{ip_family="IPv4"} 1',
    'full_proxy_rules_duration_seconds_sum{ip_family="IPv4"} 0.5',
    'full_proxy_rules_duration_seconds_count{ip_family="IPv4"} 1',
  ]);
  deepEqual(await read(metrics, "kubeproxy_sync_proxy_rules_", ["last", "nftables_sync"]), [
    'nftables_sync_failures_total{ip_family="IPv4"} 1',
  ]);
});

Deno.test("metricsObserver() counts what could not be tidied up", async () => {
  const { metrics, observer } = observed();
  observer.untidy("IPv4", new Error("busy"));
  deepEqual(await read(metrics, "kubeproxy_sync_proxy_rules_nftables_", ["cleanup"]), [
    'cleanup_failures_total{ip_family="IPv4"} 1',
  ]);
});

Deno.test("metricsObserver() counts partial syncs that had to be repeated as full ones", async () => {
  const { metrics, observer } = observed();
  observer.synced(facts);
  observer.synced({ ...facts, mode: "full", fallback: new Error("No such file or directory") });
  deepEqual(await read(metrics, "weir_sync_", ["fallbacks"]), [
    'fallbacks_total{ip_family="IPv6"} 1',
  ]);
});

Deno.test("metricsObserver() counts once what an object has wrong", async () => {
  const { metrics, observer } = observed();
  const bad = slice("web", ["10.244.1.300", "10.244.1.5"]);
  let state = emptyState("IPv4", settings());
  for (const objects of [[service("web"), bad], [service("web"), bad, service("other")]]) {
    const snapshot = snapshotOf(...objects);
    const transition = advance(state, { snapshot, settings: settings(), services: "all" });
    observer.derived(transition);
    state = transition.next;
  }
  deepEqual(await read(metrics, "weir_skipped_objects_total", ['{kind="EndpointSlice']), [
    '{kind="EndpointSlice"} 1',
  ]);
});

interface Latency {
  readonly name: string;
  readonly triggers: string[];
  readonly sum: number;
  readonly count: number;
}

/** BEHAVIOUR.md 8.5. The sync ends at 03:04:05; the process began at 03:03:05. */
const latencies: Latency[] = [
  { name: "one change", triggers: ["2026-01-02T03:04:03.5Z"], sum: 1.5, count: 1 },
  {
    name: "several changes",
    triggers: ["2026-01-02T03:04:04Z", "2026-01-02T03:04:03Z"],
    sum: 3,
    count: 2,
  },
  {
    name: "nanoseconds and a time zone",
    triggers: ["2026-01-02T04:04:03.500000000+01:00"],
    sum: 1.5,
    count: 1,
  },
  {
    name: "only what happened after the process began",
    triggers: ["2026-01-02T03:03:05Z", "2026-01-02T03:04:04Z"],
    sum: 1,
    count: 1,
  },
  {
    name: "nothing for what is not a time",
    triggers: ["yesterday", "2026-01-02T03:04:04Z"],
    sum: 1,
    count: 1,
  },
  {
    name: "no negative time when clocks differ",
    triggers: ["2026-01-02T03:04:09Z"],
    sum: 0,
    count: 1,
  },
];

for (const { name, triggers, sum, count } of latencies) {
  Deno.test(`metricsObserver() records the programming latency: ${name}`, async () => {
    const { metrics, observer } = observed();
    observer.synced({ ...facts, triggers });
    deepEqual(await read(metrics, "kubeproxy_network_programming_duration_seconds", ["_"]), [
      `_sum{ip_family="IPv6"} ${sum}`,
      `_count{ip_family="IPv6"} ${count}`,
    ]);
  });
}
