import { deepEqual, equal } from "node:assert/strict";
import { createMetrics, type Metrics, ofFamily } from "../../daemon/metrics.ts";

const sync = Array.from({ length: 15 }, (_, n) => 2 ** n / 1000);
const programming = [
  [0, 0.25, 0.5],
  Array.from({ length: 59 }, (_, n) => n + 1),
  Array.from({ length: 12 }, (_, n) => 60 + 5 * n),
  Array.from({ length: 7 }, (_, n) => 120 + 30 * n),
].flat();

interface Case {
  readonly name: string;
  readonly type: "counter" | "gauge" | "histogram";
  readonly labels?: Record<string, string>;
  readonly buckets?: number[];
  readonly measure: (metrics: Metrics) => void;
}

const ip_family = { ip_family: "IPv4" };

/** The rows of BEHAVIOUR.md 8.4 that are driven so far, and weir's own. */
const cases: Case[] = [
  {
    name: "kubeproxy_sync_proxy_rules_duration_seconds",
    type: "histogram",
    labels: ip_family,
    buckets: sync,
    measure: (metrics) => metrics.syncDuration.observe(ofFamily("IPv4"), 1),
  },
  {
    name: "kubeproxy_sync_full_proxy_rules_duration_seconds",
    type: "histogram",
    labels: ip_family,
    buckets: sync,
    measure: (metrics) => metrics.fullSyncDuration.observe(ofFamily("IPv4"), 1),
  },
  {
    name: "kubeproxy_sync_partial_proxy_rules_duration_seconds",
    type: "histogram",
    labels: ip_family,
    buckets: sync,
    measure: (metrics) => metrics.partialSyncDuration.observe(ofFamily("IPv4"), 1),
  },
  {
    name: "kubeproxy_sync_proxy_rules_last_timestamp_seconds",
    type: "gauge",
    labels: ip_family,
    measure: (metrics) => metrics.lastSync.set(ofFamily("IPv4"), 1),
  },
  {
    name: "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds",
    type: "gauge",
    labels: ip_family,
    measure: (metrics) => metrics.lastQueued.set(ofFamily("IPv4"), 1),
  },
  {
    name: "kubeproxy_network_programming_duration_seconds",
    type: "histogram",
    labels: ip_family,
    buckets: programming,
    measure: (metrics) => metrics.programmingDuration.observe(ofFamily("IPv4"), 1),
  },
  {
    name: "kubeproxy_sync_proxy_rules_endpoint_changes_pending",
    type: "gauge",
    measure: (metrics) => metrics.endpointChangesPending.set({}, 1),
  },
  {
    name: "kubeproxy_sync_proxy_rules_endpoint_changes_total",
    type: "counter",
    measure: (metrics) => metrics.endpointChanges.inc({}),
  },
  {
    name: "kubeproxy_sync_proxy_rules_service_changes_pending",
    type: "gauge",
    measure: (metrics) => metrics.serviceChangesPending.set({}, 1),
  },
  {
    name: "kubeproxy_sync_proxy_rules_service_changes_total",
    type: "counter",
    measure: (metrics) => metrics.serviceChanges.inc({}),
  },
  {
    name: "kubeproxy_sync_proxy_rules_nftables_sync_failures_total",
    type: "counter",
    labels: ip_family,
    measure: (metrics) => metrics.syncFailures.inc(ofFamily("IPv4")),
  },
  {
    name: "kubeproxy_sync_proxy_rules_nftables_cleanup_failures_total",
    type: "counter",
    labels: ip_family,
    measure: (metrics) => metrics.cleanupFailures.inc(ofFamily("IPv4")),
  },
  {
    name: "kubeproxy_conntrack_reconciler_sync_duration_seconds",
    type: "histogram",
    labels: ip_family,
    buckets: sync,
    measure: (metrics) => metrics.conntrackDuration.observe(ofFamily("IPv4"), 1),
  },
  {
    name: "kubeproxy_conntrack_reconciler_deleted_entries_total",
    type: "counter",
    labels: ip_family,
    measure: (metrics) => metrics.conntrackDeleted.inc(ofFamily("IPv4")),
  },
  {
    name: "weir_conntrack_deleted_entries_total",
    type: "counter",
    labels: { ...ip_family, reason: "endpoint-gone" },
    measure: (metrics) =>
      metrics.conntrackDeletedByReason.inc({ ip_family: "IPv4", reason: "endpoint-gone" }),
  },
  {
    name: "weir_conntrack_failures_total",
    type: "counter",
    labels: ip_family,
    measure: (metrics) => metrics.conntrackFailures.inc(ofFamily("IPv4")),
  },
  {
    name: "kubeproxy_proxy_healthz_total",
    type: "counter",
    labels: { code: "200" },
    measure: (metrics) => metrics.healthz.inc({ code: "200" }),
  },
  {
    name: "kubeproxy_proxy_livez_total",
    type: "counter",
    labels: { code: "503" },
    measure: (metrics) => metrics.livez.inc({ code: "503" }),
  },
  {
    name: "weir_sync_elements",
    type: "histogram",
    labels: { ...ip_family, mode: "full" },
    buckets: Array.from({ length: 11 }, (_, n) => 4 ** n),
    measure: (metrics) => metrics.syncElements.observe({ ip_family: "IPv4", mode: "full" }, 1),
  },
  {
    name: "weir_transaction_bytes",
    type: "histogram",
    labels: { ...ip_family, mode: "partial" },
    buckets: Array.from({ length: 12 }, (_, n) => 64 * 4 ** n),
    measure: (metrics) =>
      metrics.transactionBytes.observe({ ip_family: "IPv4", mode: "partial" }, 1),
  },
  {
    name: "weir_sync_phase_duration_seconds",
    type: "histogram",
    labels: { ...ip_family, phase: "apply" },
    buckets: Array.from({ length: 10 }, (_, n) => 4 ** n / 10_000),
    measure: (metrics) => metrics.phaseDuration.observe({ ip_family: "IPv4", phase: "apply" }, 1),
  },
  {
    name: "weir_conflicts",
    type: "gauge",
    labels: ip_family,
    measure: (metrics) => metrics.conflicts.set(ofFamily("IPv4"), 1),
  },
  {
    name: "weir_health_check_conflicts",
    type: "gauge",
    measure: (metrics) => metrics.healthCheckConflicts.set({}, 1),
  },
  {
    name: "weir_health_check_failures",
    type: "gauge",
    measure: (metrics) => metrics.healthCheckFailures.set({}, 1),
  },
  {
    name: "weir_skipped_objects_total",
    type: "counter",
    labels: { kind: "Service" },
    measure: (metrics) => metrics.skippedObjects.inc({ kind: "Service" }),
  },
  {
    name: "weir_source_last_heard_timestamp_seconds",
    type: "gauge",
    labels: { kind: "Service" },
    measure: (metrics) => metrics.sourceHeard.set({ kind: "Service" }, 1),
  },
  {
    name: "kubeproxy_sync_proxy_rules_no_local_endpoints_total",
    type: "gauge",
    labels: { ...ip_family, traffic_policy: "internal" },
    measure: (metrics) =>
      metrics.noLocalEndpoints.set({ ip_family: "IPv4", traffic_policy: "internal" }, 1),
  },
  {
    name: "rest_client_requests_total",
    type: "counter",
    labels: { code: "200", method: "GET", host: "a:1" },
    measure: (metrics) => metrics.requests.inc({ code: "200", method: "GET", host: "a:1" }),
  },
  {
    name: "rest_client_request_duration_seconds",
    type: "histogram",
    labels: { verb: "GET", host: "a:1" },
    buckets: [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60],
    measure: (metrics) => metrics.requestDuration.observe({ verb: "GET", host: "a:1" }, 1),
  },
  {
    name: "rest_client_request_size_bytes",
    type: "histogram",
    labels: { verb: "GET", host: "a:1" },
    buckets: [64, 256, 512, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216],
    measure: (metrics) => metrics.requestSize.observe({ verb: "GET", host: "a:1" }, 1),
  },
  {
    name: "weir_sync_fallbacks_total",
    type: "counter",
    labels: ip_family,
    measure: (metrics) => metrics.syncFallbacks.inc(ofFamily("IPv4")),
  },
  {
    name: "weir_ruleset_repairs_total",
    type: "counter",
    labels: ip_family,
    measure: (metrics) => metrics.rulesetRepairs.inc(ofFamily("IPv4")),
  },
  {
    name: "weir_child_resident_memory_bytes",
    type: "gauge",
    labels: { program: "nft" },
    measure: (metrics) => metrics.childMemory.set({ program: "nft" }, 1),
  },
  {
    name: "weir_oldest_pending_change_seconds",
    type: "gauge",
    labels: ip_family,
    measure: (metrics) => metrics.pendingAge.set(ofFamily("IPv4"), 1),
  },
  {
    name: "weir_ready",
    type: "gauge",
    measure: (metrics) => metrics.ready.set({}, 1),
  },
  {
    name: "weir_map_elements",
    type: "gauge",
    labels: { ...ip_family, map: "service-ips" },
    measure: (metrics) => metrics.mapElements.set({ ip_family: "IPv4", map: "service-ips" }, 1),
  },
  {
    name: "weir_objects",
    type: "gauge",
    labels: { kind: "Service" },
    measure: (metrics) => metrics.objects.set({ kind: "Service" }, 1),
  },
  {
    name: "weir_skipped_parts",
    type: "gauge",
    labels: ip_family,
    measure: (metrics) => metrics.skippedParts.set(ofFamily("IPv4"), 1),
  },
  {
    name: "weir_config_last_reload_successful",
    type: "gauge",
    measure: (metrics) => metrics.configSuccessful.set({}, 1),
  },
  {
    name: "weir_config_last_reload_success_timestamp_seconds",
    type: "gauge",
    measure: (metrics) => metrics.configSuccessTime.set({}, 1),
  },
  {
    name: "weir_affinity_full_ports",
    type: "gauge",
    labels: ip_family,
    measure: (metrics) => metrics.affinityFull.set(ofFamily("IPv4"), 1),
  },
];

for (const { name, type, labels = {}, buckets, measure } of cases) {
  Deno.test(`createMetrics() has the ${type} ${name}`, async () => {
    const metrics = createMetrics();
    measure(metrics);
    const lines = (await metrics.text()).split("\n");
    equal(lines.some((line) => line.startsWith(`# HELP ${name} [ALPHA] `)), true);
    equal(lines.includes(`# TYPE ${name} ${type}`), true);
    const value = lines.find((line) =>
      line.startsWith(type === "histogram" ? `${name}_sum` : name)
    );
    deepEqual(labelsOf(value), labels);
    equal(value?.endsWith(" 1"), true);
    const bounds = lines.filter((line) => line.startsWith(`${name}_bucket`))
      .map((line) => Number(labelsOf(line).le?.replace("+Inf", "Infinity")));
    deepEqual(bounds, buckets ? [...buckets, Infinity] : []);
  });
}

Deno.test("createMetrics() has no metric that this table does not know", async () => {
  const text = await createMetrics().text();
  const names = [...text.matchAll(/^# TYPE (\S+) /gm)].map((match) => match[1]);
  deepEqual(
    names.filter((name) => !isGeneric(name)).sort(),
    cases.map(({ name }) => name).sort(),
  );
});

/** What is about the process and its metrics, and has tests of its own. */
function isGeneric(name = ""): boolean {
  return /^(?:process_|kubernetes_|weir_build_info|(?:registered|hidden|disabled)_metrics_total)/
    .test(name);
}

Deno.test("createMetrics() tells which version runs, and which feature gates are on", async () => {
  const metrics = createMetrics();
  metrics.describeBuild({
    version: "1.2.3",
    featureGates: { AllAlpha: true, WatchListClient: false },
  });
  const text = await metrics.text();
  const samples = (name: string) => text.split("\n").filter((line) => line.startsWith(`${name}{`));
  deepEqual(samples("weir_build_info"), [
    `weir_build_info{version="1.2.3",deno="${Deno.version.deno}"} 1`,
  ]);
  const build = labelsOf(samples("kubernetes_build_info")[0]);
  deepEqual([build.git_version, build.major, build.minor], ["v1.36.3+weir.1.2.3", "1", "36"]);
  const gates = samples("kubernetes_feature_enabled");
  equal(gates.includes('kubernetes_feature_enabled{name="AllAlpha",stage="ALPHA"} 1'), true);
  equal(gates.includes('kubernetes_feature_enabled{name="WatchListClient",stage="BETA"} 0'), true);
  equal(gates.includes('kubernetes_feature_enabled{name="NFTablesProxyMode",stage=""} 1'), true);
});

Deno.test("createMetrics() tells how many metrics there are, by stability", async () => {
  const metrics = createMetrics();
  await metrics.text();
  const text = await metrics.text();
  const counted = [
    ...text.matchAll(/^registered_metrics_total\{stability_level="(\w+)".*\} (\d+)$/gm),
  ]
    .map(([, level, count]) => [level, Number(count)]);
  const described = (level: string) => text.split(`[${level}] `).length - 1;
  deepEqual(counted, [["ALPHA", described("ALPHA")], ["BETA", described("BETA")]]);
});

Deno.test("createMetrics() tells of the process itself", async () => {
  const metrics = createMetrics();
  const sample = async (name: string) => {
    const text = await metrics.text();
    return Number(text.match(new RegExp(`^${name} (.+)$`, "m"))?.[1]);
  };
  equal(await sample("process_resident_memory_bytes") > 10e6, true);
  equal(await sample("process_start_time_seconds"), performance.timeOrigin / 1000);
  const cpu = await sample("process_cpu_seconds_total");
  equal(cpu > 0 && await sample("process_cpu_seconds_total") >= cpu, true);
});

function labelsOf(sample = ""): Record<string, string> {
  const pairs = [...sample.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]);
  return Object.fromEntries(pairs);
}
