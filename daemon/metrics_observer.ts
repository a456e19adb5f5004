import type { Clock } from "../model/clock.ts";
import { newProblems } from "./findings.ts";
import { type Metrics, ofFamily } from "./metrics.ts";
import type { FailedSync, SyncFacts, SyncObserver } from "./sync_observer.ts";

/**
 * Returns an observer that turns what it is told of one family's syncs into metrics.
 *
 * `startedAt` is when the process began, in milliseconds since the epoch: changes from before it say nothing about
 * this process, so that their programming latency is not recorded.
 */
export function metricsObserver(
  metrics: Metrics,
  { clock, startedAt }: { readonly clock: Clock; readonly startedAt: number },
): SyncObserver {
  return {
    derived(transition) {
      for (const { kind } of newProblems(transition)) metrics.skippedObjects.inc({ kind });
    },
    synced(sync) {
      recordDuration(metrics, sync);
      recordSize(metrics, sync);
      recordPhases(metrics, sync);
      if (sync.fallback !== undefined) metrics.syncFallbacks.inc(ofFamily(sync.family));
      metrics.endpointChangesPending.set({}, 0);
      metrics.serviceChangesPending.set({}, 0);
      metrics.lastSync.set(ofFamily(sync.family), clock.now() / 1000);
      for (const trigger of sync.triggers) {
        const changedAt = Date.parse(trigger);
        if (!(changedAt > startedAt)) continue; // also when it is no time at all
        metrics.programmingDuration.observe(
          ofFamily(sync.family),
          Math.max(0, clock.now() - changedAt) / 1000,
        );
      }
    },
    failed(sync) {
      recordDuration(metrics, sync);
      metrics.syncFailures.inc(ofFamily(sync.family));
    },
    untidy(family) {
      metrics.cleanupFailures.inc(ofFamily(family));
    },
  };
}

function recordDuration(metrics: Metrics, sync: SyncFacts | FailedSync): void {
  const seconds = sync.totalMs / 1000;
  const byMode = sync.mode === "full" ? metrics.fullSyncDuration : metrics.partialSyncDuration;
  metrics.syncDuration.observe(ofFamily(sync.family), seconds);
  byMode.observe(ofFamily(sync.family), seconds);
}

function recordSize(metrics: Metrics, { family, mode, elements, bytes }: SyncFacts): void {
  const labels = { ...ofFamily(family), mode };
  metrics.syncElements.observe(labels, elements);
  metrics.transactionBytes.observe(labels, bytes);
}

function recordPhases(metrics: Metrics, sync: SyncFacts): void {
  const phases = { derive: sync.deriveMs, render: sync.renderMs, apply: sync.applyMs };
  for (const [phase, milliseconds] of Object.entries(phases)) {
    metrics.phaseDuration.observe({ phase, ...ofFamily(sync.family) }, milliseconds / 1000);
  }
}
