import type { Kind } from "../model/objects.ts";
import type { Store } from "../watch/store.ts";
import type { Proxier } from "./proxier.ts";

/**
 * Services of the first portion, after which each is twice as large: nft gets to work while the lists have hardly begun.
 */
const FIRST_PORTION = 125;

/** Services of the largest portion: large enough to be worth a process, small enough to keep two processors busy. */
const LARGEST_PORTION = 1_000;

/** What every Service depends on: to load before these are known would be to load twice. */
const FIRST: readonly Kind[] = ["Node", "ServiceCIDR"];

/**
 * Loads Services into the kernel while the lists of the cluster are still arriving, until `ready` resolves and little
 * is left for the first sync; returns at once where nothing can be loaded ahead. The first portion may be an empty one:
 * it makes the table while the API server is still busy.
 *
 * Rejects when a portion cannot be loaded; then the first sync has to write everything.
 */
export async function loadAhead(
  proxier: Pick<Proxier, "loadAhead" | "loadedAhead" | "ripe">,
  { store, ready, signal }: {
    readonly store: Store;
    readonly ready: Promise<void>;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  let wake = () => {};
  let isReady = false;
  let hasBegun = false;
  let portion = FIRST_PORTION;
  const unsubscribe = store.subscribe(() => wake());
  void ready.finally(() => {
    isReady = true;
    wake();
  });
  try {
    while (!signal.aborted) {
      const mayBegin = isReady || store.isSynced(FIRST);
      const hasPortion = proxier.ripe >= portion;
      if (mayBegin && (hasPortion || !hasBegun && !isReady)) {
        hasBegun = true;
        if (!await proxier.loadAhead(portion, signal)) return;
        if (hasPortion) portion = Math.min(2 * portion, LARGEST_PORTION);
      } else if (isReady) break;
      else await new Promise<void>((resolve) => wake = resolve);
    }
    await proxier.loadedAhead();
  } finally {
    unsubscribe();
  }
}
