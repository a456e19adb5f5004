import type { SyncFacts } from "../../daemon/sync_observer.ts";

/** Returns what is told of a full sync of IPv4 that took no time and found nothing to do, changed as asked. */
export function syncFacts(changes: Partial<SyncFacts> = {}): SyncFacts {
  return {
    family: "IPv4",
    mode: "full",
    services: 0,
    elements: 0,
    bytes: 0,
    deriveMs: 0,
    renderMs: 0,
    applyMs: 0,
    totalMs: 0,
    triggers: [],
    ...changes,
  };
}
