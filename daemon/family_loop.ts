import type { Backend } from "../backends/backend.ts";
import type { DesiredState } from "../model/desired_state.ts";
import type { Store } from "../watch/store.ts";
import { watchAffinity } from "./affinity.ts";
import { conntrackLoop } from "./conntrack.ts";
import { currentSettings, type SettingsSources } from "./current_settings.ts";
import type { DaemonOptions } from "./daemon.ts";
import { syncFailedNotice } from "./event_notices.ts";
import { eventObserver } from "./event_observer.ts";
import type { EventRecorder } from "./events.ts";
import { afterFirstSync, onFirstFailure } from "./first_sync.ts";
import type { Guard } from "./guard.ts";
import type { Health } from "./health.ts";
import { loadAhead } from "./load_ahead.ts";
import { logObserver } from "./log_observer.ts";
import { type Metrics, ofFamily } from "./metrics.ts";
import { metricsObserver } from "./metrics_observer.ts";
import type { Oversight } from "./oversight.ts";
import { Proxier } from "./proxier.ts";
import { retryDelay, SyncRunner } from "./runner.ts";
import type { ServiceHealth } from "./service_health.ts";
import { afterwards, allOf } from "./sync_observer.ts";

/** Syncs that fail in a row before an Event tells of it. */
const TOLD_FAILURES = 3;

/** What the loops of the families share. */
export interface Shared {
  readonly options: DaemonOptions;
  readonly store: Store;
  readonly sources: SettingsSources;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly oversight: Oversight;
  readonly recorder: EventRecorder;
  readonly checks: ServiceHealth | undefined;
  readonly guard: Guard | undefined;
}

/** What keeps one family's rules in step with the cluster. */
export interface FamilyLoop {
  /** Asks for a sync, for a reason that is no change of the store. */
  request(): void;
  /** Returns the state that the last sync wanted in force; undefined before the first one. */
  state(): DesiredState | undefined;
  /** Loads ahead until `ready` resolves, then syncs until `signal` aborts. */
  run(ready: Promise<void>, signal: AbortSignal): Promise<void>;
}

/** Returns the sync loop of one family. Changes are noted from now on; syncs begin with `run`. */
export function familyLoop(backend: Backend, shared: Shared): FamilyLoop {
  const { options, store, sources, health, metrics, oversight, recorder, checks, guard } = shared;
  const { clock } = options;
  const { family } = backend;
  const { syncPeriodMs, minSyncPeriodMs } = sources.config;
  const log = options.log.getChild("sync");
  const runner = new SyncRunner({
    minMs: minSyncPeriodMs,
    retryMs: retryDelay(syncPeriodMs),
    clock,
    run: async (_reason, signal) => {
      health.started(family);
      await proxier.sync(signal);
      health.synced(family);
    },
    onFailure: (error, retryInMs) => {
      health.failed(family, error);
      const { failures = 0 } = health.familyHealth(family) ?? {};
      if (failures >= TOLD_FAILURES) {
        recorder.record(syncFailedNotice(options.nodeName, family, error));
      }
      log.error("Cannot sync, the last good rules stay in force", { family, error, retryInMs });
    },
  });
  const request = () => {
    health.queued(family);
    metrics.lastQueued.set(ofFamily(family), clock.now() / 1000);
    runner.request();
  };
  const queued = () => health.queued(family);
  const repair = () => {
    proxier.distrust();
    queued();
    runner.hurry();
  };
  const { conntrack } = options;
  const flows = conntrack &&
    conntrackLoop({ family, conntrack, clock, metrics, log: options.log.getChild("conntrack") });
  const first = afterFirstSync(async (signal) => {
    void metrics.load();
    await options.afterFirstSync?.(family, signal);
  }, clock);
  const observer = allOf([
    logObserver(log),
    first.observer,
    onFirstFailure(() => void options.afterFirstFailure?.(family)),
    afterwards(allOf([
      metricsObserver(metrics, { clock, startedAt: clock.now() }),
      eventObserver(recorder, () => store.snapshot),
      oversight.observer(family),
    ])),
    ...(checks === undefined ? [] : [checks.observer(family)]),
    ...(flows === undefined ? [] : [flows.observer]),
    ...(guard === undefined ? [] : [guard.observer(family, { queued, repair })]),
  ]);
  const settings = currentSettings(family, sources);
  const snapshot = () => store.snapshot;
  const { nodeName } = options;
  const affinity = { backend, clock, metrics, recorder, nodeName, snapshot, log };
  const proxier = new Proxier({ backend, store, settings, clock, observer, request });
  proxier.follow();
  return {
    request,
    state: () => proxier.state,
    run: async (ready, signal) => {
      try {
        await loadAhead(proxier, { store, ready, signal });
      } catch (error) {
        log.warn("Cannot load ahead, the first sync writes everything", { family, error });
      }
      await ready;
      health.begun(family);
      request();
      await Promise.all([
        runner.loop(signal),
        first.run(signal),
        flows?.run(signal),
        watchAffinity(affinity, signal),
      ]);
    },
  };
}
