import type { Family } from "../model/family.ts";
import { MetricsRegistry } from "./metrics_registry.ts";
import { powers, range } from "./metrics_buckets.ts";
import { addGenericMetrics } from "./metrics_generic.ts";
import { requestMetrics } from "./metrics_requests.ts";
import { weirMetrics } from "./metrics_weir.ts";
import { addProcessMetrics } from "./process_metrics.ts";

/** 1 ms to 16.384 s, each twice the one before: kube-proxy's buckets for syncs. */
const SYNC_SECONDS = powers(0.001, 2, 15);

/** kube-proxy's buckets for the time from a change to the kernel, 0 included: fine up to a minute, coarser up to five. */
const PROGRAMMING_SECONDS = [
  ...[0, 0.25, 0.5],
  ...range(1, 59, 1),
  ...range(60, 115, 5),
  ...range(120, 300, 30),
];

/** All metrics of the daemon, by what they measure. */
export type Metrics = ReturnType<typeof createMetrics>;

/** The label `ip_family` of a measurement. */
export function ofFamily(family: Family): { readonly ip_family: Family } {
  return { ip_family: family };
}

/**
 * Makes the metrics of the daemon, in a registry of their own.
 *
 * Those that begin with `kubeproxy_` have the names, types, labels and buckets of kube-proxy 1.36 in nftables mode
 * (`pkg/proxy/metrics/metrics.go`), so that dashboards and alerts go on working. Those that begin with `weir_` say what
 * kube-proxy does not. Labelled ones appear at their first measurement.
 */
export function createMetrics() {
  const registry = new MetricsRegistry();
  addProcessMetrics(registry);
  return {
    ...syncMetrics(registry),
    ...changeMetrics(registry),
    ...conntrackMetrics(registry),
    ...healthMetrics(registry),
    ...requestMetrics(registry),
    ...addGenericMetrics(registry),
    ...weirMetrics(registry),
    /** Calls a function before every read, until the returned function is called. */
    onRead: (collect: () => void | Promise<void>) => registry.onRead(collect),
    /** Returns everything in Prometheus' text format. */
    text: () => registry.text(),
    /** Does what the first reader would have to wait for; best after the first sync. */
    load: () => registry.load(),
  };
}

function syncMetrics(registry: MetricsRegistry) {
  const labels = ["ip_family"] as const;
  return {
    syncDuration: registry.histogram({
      name: "kubeproxy_sync_proxy_rules_duration_seconds",
      help: "SyncProxyRules latency in seconds, of syncs that succeeded or failed.",
      labels,
      buckets: SYNC_SECONDS,
    }),
    fullSyncDuration: registry.histogram({
      name: "kubeproxy_sync_full_proxy_rules_duration_seconds",
      help: "SyncProxyRules latency in seconds for full resyncs.",
      labels,
      buckets: SYNC_SECONDS,
    }),
    partialSyncDuration: registry.histogram({
      name: "kubeproxy_sync_partial_proxy_rules_duration_seconds",
      help: "SyncProxyRules latency in seconds for partial resyncs.",
      labels,
      buckets: SYNC_SECONDS,
    }),
    lastSync: registry.gauge({
      name: "kubeproxy_sync_proxy_rules_last_timestamp_seconds",
      help: "The last time proxy rules were successfully synced, in seconds since the epoch.",
      labels,
    }),
    lastQueued: registry.gauge({
      name: "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds",
      help: "The last time a sync of proxy rules was queued, in seconds since the epoch.",
      labels,
    }),
    programmingDuration: registry.histogram({
      name: "kubeproxy_network_programming_duration_seconds",
      help: "Time from a change of a Service's endpoints to the rules in the kernel, in seconds.",
      labels,
      buckets: PROGRAMMING_SECONDS,
    }),
    noLocalEndpoints: registry.gauge({
      name: "kubeproxy_sync_proxy_rules_no_local_endpoints_total",
      help: "Service ports with a Local traffic policy that have endpoints, but none on this node.",
      labels: ["traffic_policy", "ip_family"],
    }),
    syncFailures: registry.counter({
      name: "kubeproxy_sync_proxy_rules_nftables_sync_failures_total",
      help: "Cumulative count of failed nftables syncs.",
      labels,
    }),
    cleanupFailures: registry.counter({
      name: "kubeproxy_sync_proxy_rules_nftables_cleanup_failures_total",
      help: "Cumulative count of failed removals of chains and maps no longer in use.",
      labels,
    }),
  };
}

function changeMetrics(registry: MetricsRegistry) {
  return {
    endpointChangesPending: registry.gauge({
      name: "kubeproxy_sync_proxy_rules_endpoint_changes_pending",
      help: "Pending changes of EndpointSlices.",
    }),
    endpointChanges: registry.counter({
      name: "kubeproxy_sync_proxy_rules_endpoint_changes_total",
      help: "Cumulative count of changes of EndpointSlices.",
    }),
    serviceChangesPending: registry.gauge({
      name: "kubeproxy_sync_proxy_rules_service_changes_pending",
      help: "Pending changes of Services.",
    }),
    serviceChanges: registry.counter({
      name: "kubeproxy_sync_proxy_rules_service_changes_total",
      help: "Cumulative count of changes of Services.",
    }),
  };
}

function conntrackMetrics(registry: MetricsRegistry) {
  return {
    conntrackDuration: registry.histogram({
      name: "kubeproxy_conntrack_reconciler_sync_duration_seconds",
      help: "Duration of reconciliations of connection tracking entries in seconds.",
      labels: ["ip_family"],
      buckets: SYNC_SECONDS,
    }),
    conntrackDeleted: registry.counter({
      name: "kubeproxy_conntrack_reconciler_deleted_entries_total",
      help: "Cumulative count of connection tracking entries deleted by reconciliations.",
      labels: ["ip_family"],
    }),
    conntrackDeletedByReason: registry.counter({
      name: "weir_conntrack_deleted_entries_total",
      help:
        "Cumulative count of connection tracking entries deleted, by what was wrong with them " +
        "(endpoint-gone, no-endpoints, not-translated, frontend-gone).",
      labels: ["ip_family", "reason"],
    }),
    conntrackFailures: registry.counter({
      name: "weir_conntrack_failures_total",
      help: "Cumulative count of reconciliations of connection tracking entries that failed.",
      labels: ["ip_family"],
    }),
  };
}

function healthMetrics(registry: MetricsRegistry) {
  return {
    healthz: registry.counter({
      name: "kubeproxy_proxy_healthz_total",
      help: "Cumulative count of answers to /healthz by status code.",
      labels: ["code"],
    }),
    livez: registry.counter({
      name: "kubeproxy_proxy_livez_total",
      help: "Cumulative count of answers to /livez by status code.",
      labels: ["code"],
    }),
  };
}
