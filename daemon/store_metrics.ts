import type { Store, StoreChange } from "../watch/store.ts";
import type { Metrics } from "./metrics.ts";

/** Counts what arrives from the sources, until the returned function is called. */
export function countChanges(store: Store, metrics: Metrics): () => void {
  return store.subscribe((change) => count(change, metrics));
}

function count({ kind, services }: StoreChange, metrics: Metrics): void {
  if (kind === "Service") {
    metrics.serviceChanges.inc({}, services.size);
    metrics.serviceChangesPending.inc({}, services.size);
  } else if (kind === "EndpointSlice") {
    metrics.endpointChanges.inc({}, services.size);
    metrics.endpointChangesPending.inc({}, services.size);
  }
}
