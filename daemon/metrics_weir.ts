import { powers } from "./metrics_buckets.ts";
import type { MetricsRegistry } from "./metrics_registry.ts";

/** Makes the metrics that kube-proxy does not have. Those that are looked up when they are read: `metrics_now.ts`. */
export function weirMetrics(registry: MetricsRegistry) {
  return {
    syncElements: registry.histogram({
      name: "weir_sync_elements",
      help: "Map and set elements that a sync wrote, by mode (full, partial).",
      labels: ["ip_family", "mode"],
      buckets: powers(1, 4, 11),
    }),
    transactionBytes: registry.histogram({
      name: "weir_transaction_bytes",
      help: "Size of the transaction of a sync in bytes, by mode (full, partial).",
      labels: ["ip_family", "mode"],
      buckets: powers(64, 4, 12),
    }),
    phaseDuration: registry.histogram({
      name: "weir_sync_phase_duration_seconds",
      help: "Time that a sync spent in a phase (derive, render, apply), in seconds.",
      labels: ["phase", "ip_family"],
      buckets: powers(0.0001, 4, 10),
    }),
    syncFallbacks: registry.counter({
      name: "weir_sync_fallbacks_total",
      help: "Cumulative count of partial syncs that failed and were repeated as full ones.",
      labels: ["ip_family"],
    }),
    rulesetRepairs: registry.counter({
      name: "weir_ruleset_repairs_total",
      help: "Cumulative count of times that rules which something else had changed were repaired.",
      labels: ["ip_family"],
    }),
    childMemory: registry.gauge({
      name: "weir_child_resident_memory_bytes",
      help: "Resident memory of the programs that run as children, by program, in bytes.",
      labels: ["program"],
    }),
    pendingAge: registry.gauge({
      name: "weir_oldest_pending_change_seconds",
      help: "How long the oldest change has been waiting for the kernel; 0 when none is.",
      labels: ["ip_family"],
    }),
    ready: registry.gauge({
      name: "weir_ready",
      help: "Whether /readyz says yes (1) or no (0).",
    }),
    mapElements: registry.gauge({
      name: "weir_map_elements",
      help: "Elements of a map or set in the kernel, but for those that session affinity learns.",
      labels: ["ip_family", "map"],
    }),
    objects: registry.gauge({
      name: "weir_objects",
      help: "Objects that the sources know, by kind.",
      labels: ["kind"],
    }),
    skippedParts: registry.gauge({
      name: "weir_skipped_parts",
      help: "Parts of Services and EndpointSlices that cannot be used at the moment.",
      labels: ["ip_family"],
    }),
    conflicts: registry.gauge({
      name: "weir_conflicts",
      help: "Addresses and ports that more than one Service claims.",
      labels: ["ip_family"],
    }),
    healthCheckConflicts: registry.gauge({
      name: "weir_health_check_conflicts",
      help: "Health check node ports that more than one Service claims.",
    }),
    healthCheckFailures: registry.gauge({
      name: "weir_health_check_failures",
      help: "Health check node ports that cannot be bound on all addresses of the node.",
    }),
    affinityFull: registry.gauge({
      name: "weir_affinity_full_ports",
      help: "Service ports with session affinity and more clients than one node can remember.",
      labels: ["ip_family"],
    }),
    skippedObjects: registry.counter({
      name: "weir_skipped_objects_total",
      help: "Cumulative count of objects of which something could not be used, by kind.",
      labels: ["kind"],
    }),
    configSuccessful: registry.gauge({
      name: "weir_config_last_reload_successful",
      help: "Whether the configuration on disk is in force (1), or is refused (0).",
    }),
    configSuccessTime: registry.gauge({
      name: "weir_config_last_reload_success_timestamp_seconds",
      help: "The last time that a configuration came into force, in seconds since the epoch.",
    }),
    sourceHeard: registry.gauge({
      name: "weir_source_last_heard_timestamp_seconds",
      help: "The last time the source of a kind was heard of, in seconds since the epoch.",
      labels: ["kind"],
    }),
  };
}
