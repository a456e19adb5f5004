import type { SyncObserver } from "./sync_observer.ts";

/** Work that waits for the first sync that ends well. */
export interface FirstSyncWork {
  /** Has to be told of the syncs. */
  readonly observer: SyncObserver;
  /** Waits and does the work once; returns when `signal` aborts before. */
  run(signal: AbortSignal): Promise<void>;
}

/** Returns what does `work` after the first sync that ends well, beside the syncs that follow. */
export function afterFirstSync(work: (signal: AbortSignal) => Promise<void>): FirstSyncWork {
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
      if (!signal.aborted) await work(signal);
    },
  };
}
