import type { Clock } from "../model/clock.ts";
import type { Kind } from "../model/objects.ts";
import type { Store } from "../watch/store.ts";

/** Without a complete list of these there is nothing to program: rules of an earlier run stay as they are. */
export const REQUIRED_KINDS: readonly Kind[] = ["Service", "EndpointSlice"];

/** Milliseconds that the other kinds get once the required ones are there. */
const GRACE_MS = 5_000;

/**
 * Resolves when the store has a complete list of every kind, or of Services and EndpointSlices for five seconds.
 *
 * A cluster that has no ServiceCIDRs, or a role that may not list them, must not keep Services from working.
 * Resolves early when `signal` aborts.
 */
export async function sourcesReady(store: Store, clock: Clock, signal: AbortSignal): Promise<void> {
  await untilSynced(store, REQUIRED_KINDS, signal);
  const patience = new AbortController();
  const both = AbortSignal.any([signal, patience.signal]);
  await Promise.race([untilSynced(store, undefined, both), clock.sleep(GRACE_MS, both)]);
  patience.abort();
}

function untilSynced(
  store: Store,
  kinds: readonly Kind[] | undefined,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted || store.isSynced(kinds)) return resolve();
    const done = () => {
      unsubscribe();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const unsubscribe = store.subscribe(() => store.isSynced(kinds) && done());
    signal.addEventListener("abort", done, { once: true });
  });
}
