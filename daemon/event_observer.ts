import type { Snapshot } from "../model/snapshot.ts";
import { conflictNotices, problemNotice } from "./event_notices.ts";
import type { EventRecorder } from "./events.ts";
import { newConflicts, newProblems } from "./findings.ts";
import type { SyncObserver } from "./sync_observer.ts";

/** Returns an observer that records Events: on objects with parts that are not used, and on Services that lose a conflict. */
export function eventObserver(recorder: EventRecorder, snapshot: () => Snapshot): SyncObserver {
  return {
    derived(transition) {
      const now = snapshot();
      for (const problem of newProblems(transition)) recorder.record(problemNotice(problem, now));
      for (const conflict of newConflicts(transition)) {
        for (const notice of conflictNotices(conflict, now)) recorder.record(notice);
      }
    },
    synced() {},
    failed() {},
    untidy() {},
  };
}
