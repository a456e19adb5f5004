import type { Logger } from "@logtape/logtape";
import type { Conntrack } from "../backends/conntrack/conntrack.ts";
import { ConntrackError } from "../backends/conntrack/conntrack_error.ts";
import { Reconciler, type ReconcileReport } from "../backends/conntrack/reconciler.ts";
import type { Clock } from "../model/clock.ts";
import type { Family } from "../model/family.ts";
import { type Metrics, ofFamily } from "./metrics.ts";
import { retryDelay, SyncRunner } from "./runner.ts";
import type { SyncObserver } from "./sync_observer.ts";

/** Milliseconds between two passes at the least. */
const PAUSE_MS = 1_000;

/**
 * After a pass comes a rest of this many times the time that reading the table took: seconds on a node with a million flows.
 * Deletions do not count: they make flows right, and there are fewer of them after each pass.
 */
const REST = 4;

/** Milliseconds between two attempts at the most. */
const MAX_RETRY_MS = 60_000;

/** What the reconciliation of one family works with. */
export interface ConntrackLoopOptions {
  readonly family: Family;
  readonly conntrack: Conntrack;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
}

/** The reconciliation of UDP flows with the rules of one family. */
export interface ConntrackLoop {
  /** To be told of the family's syncs: they make passes due. */
  readonly observer: SyncObserver;
  /** Makes passes when they are due until `signal` aborts. Never rejects: what fails is tried again. */
  readonly run: (signal: AbortSignal) => Promise<void>;
}

/**
 * Returns the loop that keeps the UDP flows of one family right, beside the syncs and never in their way.
 *
 * A pass is due after a sync by which flows may have become wrong, after every full sync, and hourly. The first one comes
 * at once; those that come due in the meantime are one.
 */
export function conntrackLoop(options: ConntrackLoopOptions): ConntrackLoop {
  const { family, clock, metrics } = options;
  const reconciler = new Reconciler(options);
  const report = reporter(options);
  const runner = new SyncRunner({
    minMs: PAUSE_MS,
    retryMs: retryDelay(MAX_RETRY_MS),
    clock,
    run: async (_reason, signal) => {
      try {
        const done = await reconciler.reconcile(signal);
        if (done === undefined) return;
        report.done(done);
        await clock.sleep(REST * done.listMs, signal);
        if (done.failure !== undefined) throw done.failure;
        if (done.isUnfinished) runner.request();
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    },
    onFailure: (error, retryInMs) => {
      metrics.conntrackFailures.inc(ofFamily(family));
      report.failed(error, retryInMs);
    },
  });
  return {
    observer: {
      derived: (transition) => reconciler.derived(transition),
      synced: ({ mode }) => {
        if (reconciler.synced() || mode === "full") runner.request();
      },
      failed() {},
      untidy() {},
    },
    run: (signal) => runner.loop(signal),
  };
}

/** Returns what logs and measures passes. */
function reporter({ family, metrics, log }: ConntrackLoopOptions) {
  let isMissing = false;
  return {
    done(report: ReconcileReport) {
      isMissing = false;
      const durationMs = Math.round(report.durationMs * 10) / 10;
      metrics.conntrackDuration.observe(ofFamily(family), report.durationMs / 1000);
      for (const [reason, count] of report.deleted) {
        metrics.conntrackDeleted.inc(ofFamily(family), count);
        metrics.conntrackDeletedByReason.inc({ ...ofFamily(family), reason }, count);
      }
      const level = report.deleted.size > 0 ? "info" : "debug";
      const deleted = Object.fromEntries(report.deleted);
      log[level]("Reconciled UDP flows", { family, flows: report.flows, durationMs, ...deleted });
    },
    failed(error: unknown, retryInMs: number) {
      // Somebody who runs without the program has been told so once.
      const isKnown = isMissing;
      isMissing = error instanceof ConntrackError && error.kind === "missing";
      const message = "Cannot free UDP clients of endpoints that are gone";
      log[isKnown && isMissing ? "debug" : "warn"](message, { family, error, retryInMs });
    },
  };
}
