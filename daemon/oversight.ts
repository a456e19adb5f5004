import type { Clock } from "../model/clock.ts";
import type { Family } from "../model/family.ts";
import type { Store } from "../watch/store.ts";
import type { Health } from "./health.ts";
import { Readiness } from "./health_readiness.ts";
import { type Metrics, ofFamily } from "./metrics.ts";
import { ElementCounts } from "./metrics_elements.ts";
import { localEndpointsObserver } from "./metrics_local_endpoints.ts";
import { followPresent } from "./metrics_now.ts";
import { StandingFindings } from "./standing_findings.ts";
import { allOf, type SyncObserver } from "./sync_observer.ts";

/** What there is to keep an eye on. */
export interface OversightOptions {
  readonly health: Health;
  /** Its times are of the clock's `monotonic()`. */
  readonly store: Store;
  readonly metrics: Metrics;
  /** The families that are to be programmed. */
  readonly families: readonly Family[];
  readonly nodeName: string;
  readonly clock: Clock;
}

/** Knows how things are at the moment, for `/readyz` and the metrics. */
export interface Oversight {
  readonly readiness: Readiness;
  /** Has to be told of the syncs of `family`. */
  observer(family: Family): SyncObserver;
  /** Ends what the metrics look up. */
  stop(): void;
}

/** Starts to keep an eye on everything. */
export function oversee(options: OversightOptions): Oversight {
  const { metrics, families } = options;
  startCounters(options);
  const findings = new StandingFindings();
  const readiness = new Readiness({ ...options, findings });
  const elements = new Map(families.map((family) => [family, new ElementCounts()]));
  return {
    readiness,
    observer: (family) =>
      allOf([
        findings.observer(family),
        localEndpointsObserver(metrics),
        ...[elements.get(family)?.observer].filter((one) => one !== undefined),
      ]),
    stop: followPresent(metrics, { ...options, readiness, findings, elements }),
  };
}

/** Lets counters of what rarely happens begin at 0: an increase from nothing at all is none to Prometheus. */
function startCounters({ metrics, families }: OversightOptions): void {
  for (const family of families) {
    metrics.syncFailures.inc(ofFamily(family), 0);
    metrics.cleanupFailures.inc(ofFamily(family), 0);
    metrics.syncFallbacks.inc(ofFamily(family), 0);
    metrics.rulesetRepairs.inc(ofFamily(family), 0);
    metrics.conntrackDeleted.inc(ofFamily(family), 0);
    metrics.conntrackFailures.inc(ofFamily(family), 0);
  }
}
