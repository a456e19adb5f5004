import type { Clock } from "../model/clock.ts";
import type { SyncObserver } from "./sync_observer.ts";

/** Work that waits for the first sync that ends well. */
export interface FirstSyncWork {
  /** Has to be told of the syncs. */
  readonly observer: SyncObserver;
  /** Waits and does the work once; returns when `signal` aborts before. */
  run(signal: AbortSignal): Promise<void>;
}

/** Returns what does `work` once, when a sync fails before one has ended well. */
export function onFirstFailure(work: () => void): SyncObserver {
  let isOver = false;
  return {
    derived() {},
    synced() {
      isOver = true;
    },
    failed() {
      if (!isOver) work();
      isOver = true;
    },
    untidy() {},
  };
}

/** Milliseconds in which the other family, too, may get its first rules undisturbed. */
const PAUSE_MS = 1_000;

/** Returns what does `work` soon after the first sync that ends well, beside the syncs that follow. */
export function afterFirstSync(
  work: (signal: AbortSignal) => Promise<void>,
  clock: Clock,
): FirstSyncWork {
  const synced = Promise.withResolvers<void>();
  return {
    observer: {
      derived() {},
      synced: () => synced.resolve(),
      failed() {},
      untidy() {},
    },
    async run(signal) {
      const stopped = new Promise<void>((resolve) => {
        signal.addEventListener("abort", () => resolve(), { once: true });
        if (signal.aborted) resolve();
      });
      await Promise.race([synced.promise, stopped]);
      await clock.sleep(PAUSE_MS, signal);
      if (!signal.aborted) await work(signal);
    },
  };
}
