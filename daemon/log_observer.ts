import type { Logger } from "@logtape/logtape";
import { describeConflict } from "../model/conflicts.ts";
import { newConflicts, newlyIgnoredHints, newProblems } from "./findings.ts";
import type { SyncFacts, SyncObserver } from "./sync_observer.ts";

/**
 * Returns an observer that logs: a line for each sync that changed something, and once each what an object has wrong,
 * who lost a conflict, and (at level debug) why the hints of endpoints do not count.
 */
export function logObserver(log: Logger): SyncObserver {
  return {
    derived(transition) {
      for (const problem of newProblems(transition)) {
        const { kind, object, message } = problem;
        log.warn(message, { kind, object, family: transition.next.family });
      }
      for (const conflict of newConflicts(transition)) {
        log.warn(describeConflict(conflict), { family: transition.next.family });
      }
      // Often meant so (PreferSameNode without an endpoint here): for those who ask why, with -v=2.
      for (const { port, reason } of newlyIgnoredHints(transition)) {
        log.debug(reason, { port, family: transition.next.family });
      }
    },
    synced(sync) {
      if (sync.fallback !== undefined) {
        log.warn("A partial sync failed and was repeated as a full one", {
          family: sync.family,
          error: sync.fallback,
        });
      }
      if (sync.tookOver) {
        const { family } = sync;
        log.info("Took over from kube-proxy: its table left as the rules came", { family });
      }
      const level = sync.mode === "full" ? "info" : "debug";
      log[level]("Synced", factsOf(sync));
    },
    // A failed sync is logged by the runner, which knows when the next one comes.
    failed() {},
    untidy(family, error) {
      log.debug("Unused chains stay for now", { family, error });
    },
  };
}

function factsOf(sync: SyncFacts): Record<string, unknown> {
  const { family, mode, services, elements, bytes } = sync;
  return {
    family,
    mode,
    services,
    elements,
    bytes,
    deriveMs: rounded(sync.deriveMs),
    renderMs: rounded(sync.renderMs),
    applyMs: rounded(sync.applyMs),
    totalMs: rounded(sync.totalMs),
  };
}

function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
