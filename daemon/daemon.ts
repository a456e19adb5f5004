import type { Logger } from "@logtape/logtape";
import type { Backend } from "../backends/backend.ts";
import type { Conntrack } from "../backends/conntrack/conntrack.ts";
import type { KubeProxyConfiguration } from "../config/configuration.ts";
import { effectiveSettings } from "../config/effective.ts";
import { sanityWarnings } from "../config/sanity.ts";
import { toV1alpha1 } from "../config/write.ts";
import type { Clock } from "../model/clock.ts";
import type { ClusterObject, Kind, ObjectKey } from "../model/objects.ts";
import type { Family } from "../model/family.ts";
import { objectIn, type Snapshot } from "../model/snapshot.ts";
import type { EventWriter } from "../watch/event_writer.ts";
import type { Source } from "../watch/source.ts";
import { Store } from "../watch/store.ts";
import { conntrackLoop } from "./conntrack.ts";
import { afterFirstSync } from "./first_sync.ts";
import { startingNotice } from "./event_notices.ts";
import { eventObserver } from "./event_observer.ts";
import { EventRecorder } from "./events.ts";
import { Health } from "./health.ts";
import { serveHealth } from "./health_server.ts";
import type { LocalAddresses } from "./local_addresses.ts";
import { loadAhead } from "./load_ahead.ts";
import { logObserver } from "./log_observer.ts";
import { createMetrics, type Metrics, ofFamily } from "./metrics.ts";
import { metricsObserver } from "./metrics_observer.ts";
import { serveMetrics } from "./metrics_server.ts";
import { type NodeFacts, nodeFacts, ownNode } from "./node_facts.ts";
import { Proxier } from "./proxier.ts";
import { retryDelay, SyncRunner } from "./runner.ts";
import { ServiceHealth } from "./service_health.ts";
import { wildcardIsIPv6Only } from "./service_health_addresses.ts";
import { serviceHealthReport } from "./service_health_report.ts";
import { type Circumstances, matchingAddresses, settingsFor } from "./settings.ts";
import { sourcesReady } from "./sources_ready.ts";
import { countChanges } from "./store_metrics.ts";
import { allOf } from "./sync_observer.ts";

/** What the daemon works with. */
export interface DaemonOptions {
  readonly config: KubeProxyConfiguration;
  /** The name of the Node object that stands for this machine. */
  readonly nodeName: string;
  /** Makes the source of objects. */
  readonly makeSource: (hooks: SourceHooks) => Promise<Source>;
  /** One for each family that is to be programmed. */
  readonly backends: readonly Backend[];
  /** Follows this machine's addresses; absent in a dry run, where the Node object's addresses count. */
  readonly localAddresses?: LocalAddresses | undefined;
  /** Reaches this machine's tracked flows; absent in a dry run, which leaves them alone. */
  readonly conntrack?: Conntrack | undefined;
  /** Writes Events about objects; absent where there is no API server, and in a dry run. */
  readonly events?: EventWriter | undefined;
  /** Called once for each family when its rules are in force, beside the syncs that follow. Must not reject. */
  readonly afterFirstSync?: ((family: Family, signal: AbortSignal) => Promise<void>) | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What a source may ask and tell, besides what it gives the store. */
export interface SourceHooks {
  /** What the store holds now. */
  readonly held: (kind: Kind, key: ObjectKey) => ClusterObject | undefined;
  /** Called for every object that is left out as unusable. */
  readonly onSkipped: (kind: Kind) => void;
}

/**
 * Runs the service proxy until `signal` aborts: source → store → model → backends, with health and metrics beside it.
 *
 * When it ends, the last good rules stay in force. Rejects when a server may not miss its address
 * (`bindAddressHardFail`) or the source can never work.
 */
export async function runDaemon(options: DaemonOptions, signal: AbortSignal): Promise<void> {
  const { clock } = options;
  const store = new Store(() => clock.now());
  const health = new Health({
    clock,
    staleMs: 2 * effectiveSettings(options.config).syncPeriodMs,
  });
  const metrics = createMetrics();
  countChanges(store, metrics);
  store.subscribe(() => health.observeNode(ownNode(store.snapshot, options.nodeName)));
  const source = await options.makeSource({
    held: (kind, key) => objectIn(store.snapshot, kind, key),
    onSkipped: (kind) => metrics.skippedObjects.inc({ kind }),
  });
  const stop = new AbortController();
  const both = AbortSignal.any([signal, stop.signal]);
  const recorder = new EventRecorder({
    writer: options.events,
    clock,
    log: options.log.getChild("events"),
  });
  const checks = serviceHealthOf({ options, store, health, metrics, recorder });
  const loops = options.backends.map((backend) =>
    familyLoop(backend, { options, store, health, metrics, recorder, checks })
  );
  const requestAll = () => loops.forEach((loop) => loop.request());
  recorder.record(startingNotice(options.nodeName));
  const ready = sourcesReady(store, clock, both);
  try {
    await Promise.all([
      ...serve(options, health, metrics, both),
      source.run(store, both),
      options.localAddresses?.watch(clock, requestAll, both),
      recorder.run(both),
      checks?.run(both),
      ready.then(() => both.aborted || warnOfMisfits(options, store.snapshot)),
      ...loops.map((loop) => loop.run(ready, both)),
    ]);
  } finally {
    stop.abort();
  }
}

/** What the parts of a family's loop share. */
interface Shared {
  readonly options: DaemonOptions;
  readonly store: Store;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly recorder: EventRecorder;
  readonly checks: ServiceHealth | undefined;
}

/** Returns what answers the health checks of Services. A dry run has none: it opens no ports for the cluster. */
function serviceHealthOf(shared: Omit<Shared, "checks">): ServiceHealth | undefined {
  const { options, store, health, metrics, recorder } = shared;
  const { localAddresses, nodeName, clock, log } = options;
  if (localAddresses === undefined) return undefined;
  const snapshot = () => store.snapshot;
  return new ServiceHealth({
    healthy: () => health.healthy(),
    addresses: (family) => matchingAddresses(family, circumstancesOf(options, store.snapshot)),
    ipv6Only: wildcardIsIPv6Only(),
    report: serviceHealthReport({ recorder, metrics, nodeName, snapshot }),
    clock,
    log: log.getChild("health-checks"),
  });
}

/** Returns the sync loop of one family. Changes are noted from now on; syncs begin with `run`. */
function familyLoop(backend: Backend, shared: Shared) {
  const { options, store, health, metrics, recorder, checks } = shared;
  const { clock, config } = options;
  const { family } = backend;
  const { syncPeriodMs, minSyncPeriodMs } = effectiveSettings(config);
  const log = options.log.getChild("sync");
  const runner = new SyncRunner({
    minMs: minSyncPeriodMs,
    retryMs: retryDelay(syncPeriodMs),
    clock,
    run: async (_reason, signal) => {
      await proxier.sync(signal);
      health.updated(family);
      void metrics.load();
    },
    onFailure: (error, retryInMs) =>
      log.error("Cannot sync, the last good rules stay in force", { family, error, retryInMs }),
  });
  const request = () => {
    health.queued(family);
    metrics.lastQueued.set(ofFamily(family), clock.now() / 1000);
    runner.request();
  };
  const { conntrack } = options;
  const flows = conntrack &&
    conntrackLoop({ family, conntrack, clock, metrics, log: options.log.getChild("conntrack") });
  const first = afterFirstSync(async (signal) => await options.afterFirstSync?.(family, signal));
  const observer = allOf([
    logObserver(log),
    first.observer,
    metricsObserver(metrics, { clock, startedAt: clock.now() }),
    eventObserver(recorder, () => store.snapshot),
    ...(checks === undefined ? [] : [checks.observer(family)]),
    ...(flows === undefined ? [] : [flows.observer]),
  ]);
  const settings = (snapshot: Snapshot) => settingsFor(family, circumstancesOf(options, snapshot));
  const proxier = new Proxier({ backend, store, settings, clock, observer, request });
  proxier.follow();
  return {
    request,
    run: async (ready: Promise<void>, signal: AbortSignal) => {
      try {
        await loadAhead(proxier, { store, ready, signal });
      } catch (error) {
        log.warn("Cannot load ahead, the first sync writes everything", { family, error });
      }
      await ready;
      health.updated(family);
      request();
      await Promise.all([runner.loop(signal), first.run(signal), flows?.run(signal)]);
    },
  };
}

/** Logs, once, where the configuration does not fit the node as it is known at start. */
function warnOfMisfits(options: DaemonOptions, snapshot: Snapshot): void {
  const { addresses, podCIDRs } = factsOf(options, snapshot);
  const node = { families: [...addresses.keys()], podCIDRs };
  for (const warning of sanityWarnings(options.config, node)) options.log.warn(warning);
}

function factsOf({ config, nodeName }: DaemonOptions, snapshot: Snapshot): NodeFacts {
  const object = ownNode(snapshot, nodeName);
  return nodeFacts(object?.name ?? nodeName, object, config.bindAddress);
}

function circumstancesOf(options: DaemonOptions, snapshot: Snapshot): Circumstances {
  return {
    config: effectiveSettings(options.config),
    node: factsOf(options, snapshot),
    snapshot,
    localAddresses: options.localAddresses?.current,
  };
}

function serve(
  { config, clock, log }: DaemonOptions,
  health: Health,
  metrics: Metrics,
  signal: AbortSignal,
): readonly Promise<void>[] {
  const shared = { hardFail: config.bindAddressHardFail, clock, log: log.getChild("http") };
  return [
    serveHealth({
      ...shared,
      health,
      address: config.healthzBindAddress,
      onAnswer: (check, status) => metrics[check].inc({ code: String(status) }),
    }, signal),
    serveMetrics({
      ...shared,
      address: config.metricsBindAddress,
      metrics: () => metrics.text(),
      mode: "nftables",
      config: () => toV1alpha1(config),
    }, signal),
  ];
}
