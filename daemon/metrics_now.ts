import type { Clock } from "../model/clock.ts";
import type { Family } from "../model/family.ts";
import { KINDS } from "../model/objects.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Store } from "../watch/store.ts";
import type { Health } from "./health.ts";
import type { Readiness } from "./health_readiness.ts";
import { type Metrics, ofFamily } from "./metrics.ts";
import type { ElementCounts } from "./metrics_elements.ts";
import type { StandingFindings } from "./standing_findings.ts";

/** What is looked up when somebody reads the metrics. */
export interface Present {
  readonly health: Health;
  readonly readiness: Readiness;
  /** Its times are of the clock's `monotonic()`. */
  readonly store: Store;
  readonly findings: StandingFindings;
  readonly elements: ReadonlyMap<Family, ElementCounts>;
  readonly clock: Clock;
}

/** Writes down how things are before every read of the metrics, until the returned function is called. */
export function followPresent(metrics: Metrics, present: Present): () => void {
  return metrics.onRead(() => {
    metrics.ready.set({}, Number(present.readiness.reasons().length === 0));
    recordSources(metrics, present);
    for (const [family, elements] of present.elements) {
      const { problems, conflicts } = present.findings.counts(family);
      metrics.skippedParts.set(ofFamily(family), problems);
      metrics.conflicts.set(ofFamily(family), conflicts);
      const { pendingMs = 0 } = present.health.familyHealth(family) ?? {};
      metrics.pendingAge.set(ofFamily(family), pendingMs / 1000);
      for (const [map, size] of elements.read()) {
        metrics.mapElements.set({ map, ...ofFamily(family) }, size);
      }
    }
  });
}

function recordSources(metrics: Metrics, { store, clock }: Present): void {
  const sizes = sizesOf(store.snapshot);
  for (const kind of KINDS) {
    metrics.objects.set({ kind }, sizes[kind]);
    const heard = store.lastHeard(kind);
    if (heard === undefined) continue;
    const wall = clock.now() - (clock.monotonic() - heard);
    metrics.sourceHeard.set({ kind }, wall / 1000);
  }
}

function sizesOf({ services, sliceOwners, nodes, serviceCIDRs }: Snapshot) {
  return {
    Service: services.size,
    EndpointSlice: sliceOwners.size,
    Node: nodes.size,
    ServiceCIDR: serviceCIDRs.size,
  };
}
