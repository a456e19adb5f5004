import type { Logger } from "@logtape/logtape";
import type { Backend } from "../backends/backend.ts";
import type { Conntrack } from "../backends/conntrack/conntrack.ts";
import type { KernelLookup } from "../backends/nftables/kernel_lookup.ts";
import type { RulesetWatch } from "../backends/nftables/ruleset_watch.ts";
import type { KubeProxyConfiguration } from "../config/configuration.ts";
import { effectiveSettings } from "../config/effective.ts";
import { sanityWarnings } from "../config/sanity.ts";
import type { Clock } from "../model/clock.ts";
import type { ClusterObject, Kind, ObjectKey } from "../model/objects.ts";
import type { Family } from "../model/family.ts";
import { objectIn } from "../model/snapshot.ts";
import type { EventWriter } from "../watch/event_writer.ts";
import type { Source } from "../watch/source.ts";
import { Store } from "../watch/store.ts";
import { configurationReport, reloadedNotice } from "./configuration_report.ts";
import type { ConfigurationReport } from "./configuration_watch.ts";
import { ipvsDeprecationNotice, startingNotice } from "./event_notices.ts";
import { circumstancesOf } from "./current_settings.ts";
import { EventRecorder } from "./events.ts";
import { explainRoute } from "./explain/route.ts";
import { familyLoop, type Shared } from "./family_loop.ts";
import { Guard } from "./guard.ts";
import { Health } from "./health.ts";
import type { LocalAddresses } from "./local_addresses.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { oversee } from "./oversight.ts";
import { OwnNode } from "./own_node.ts";
import { runServers } from "./servers.ts";
import { ServiceHealth } from "./service_health.ts";
import { wildcardIsIPv6Only } from "./service_health_addresses.ts";
import { serviceHealthReport } from "./service_health_report.ts";
import { matchingAddresses } from "./settings.ts";
import { sourcesReady } from "./sources_ready.ts";
import { countChanges } from "./store_metrics.ts";

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
  /** Looks for elements in the kernel, when somebody wants to be told; absent in a dry run. */
  readonly lookUp?: KernelLookup | undefined;
  /** Hears what others do to the rules; absent in a dry run, which has none. */
  readonly rulesetWatch?: RulesetWatch | undefined;
  /** Writes Events about objects; absent where there is no API server, and in a dry run. */
  readonly events?: EventWriter | undefined;
  /** Called once for each family when its rules are in force, beside the syncs that follow. Must not reject. */
  readonly afterFirstSync?: ((family: Family, signal: AbortSignal) => Promise<void>) | undefined;
  /** Called once for a family when its first rules are refused: to say what the machine lacks. Must not reject. */
  readonly afterFirstFailure?: ((family: Family) => Promise<void>) | undefined;
  /** True when the daemon goes on where one with another configuration ended, in the same process. */
  readonly isReload?: boolean | undefined;
  /** Ends the daemon when it resolves: there is another configuration. Resolves when `signal` aborts, too. */
  readonly untilReconfigured?:
    | ((report: ConfigurationReport, signal: AbortSignal) => Promise<void>)
    | undefined;
  /** Where to measure, when more than this daemon is measured. @default {createMetrics()} */
  readonly metrics?: Metrics | undefined;
  /** Returns the command line's flags with their values, for `/flagz`. */
  readonly flags?: (() => Readonly<Record<string, string>>) | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Milliseconds in which the lists have the connection to the API server to themselves, before Events are written. */
const LISTS_FIRST_MS = 1_000;

/** What a source may ask and tell, besides what it gives the store. */
export interface SourceHooks {
  /** What the store holds now. */
  readonly held: (kind: Kind, key: ObjectKey) => ClusterObject | undefined;
  /** Called for every object that is left out as unusable. */
  readonly onSkipped: (kind: Kind) => void;
}

/**
 * Runs the service proxy until `signal` aborts or there is another configuration: source → store → model → backends,
 * with health and metrics beside it.
 *
 * When it ends, the last good rules stay in force. Rejects when a server may not miss its address
 * (`bindAddressHardFail`) or the source can never work.
 */
export async function runDaemon(options: DaemonOptions, signal: AbortSignal): Promise<void> {
  const { clock } = options;
  const config = effectiveSettings(options.config);
  const store = new Store(() => clock.monotonic());
  const health = new Health({ clock, staleMs: 2 * config.syncPeriodMs });
  const { metrics = createMetrics(), nodeName } = options;
  const families = options.backends.map(({ family }) => family);
  const oversight = oversee({ health, store, metrics, families, nodeName, clock });
  countChanges(store, metrics);
  const { bindAddress } = options.config;
  const node = new OwnNode({ store, name: nodeName, bindAddress, log: options.log });
  const sources = { config, node, localAddresses: options.localAddresses };
  store.subscribe(({ kind }) => kind === "Node" && health.observeNode(node.object));
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
  const checks = serviceHealthOf({ options, store, sources, health, metrics, recorder });
  const { rulesetWatch: watch } = options;
  const guard = watch &&
    new Guard({ watch, metrics, recorder, nodeName, clock, log: options.log.getChild("guard") });
  const shared = { options, store, sources, health, metrics, oversight, recorder, checks, guard };
  const loops = options.backends.map((backend) => familyLoop(backend, shared));
  const requestAll = () => loops.forEach((loop) => loop.request());
  recorder.record((options.isReload ? reloadedNotice : startingNotice)(nodeName));
  if (options.config.mode === "ipvs") recorder.record(ipvsDeprecationNotice(nodeName));
  const explain = explainRoute(() => ({
    snapshot: store.snapshot,
    states: loops.flatMap((loop) => loop.state() ?? []),
    live: {
      health: (family) => health.familyHealth(family),
      notReady: () => oversight.readiness.reasons(),
      lookUp: options.lookUp,
    },
  }));
  const report = configurationReport({ ...options, metrics, recorder });
  const ready = sourcesReady(store, clock, both);
  try {
    await Promise.all([
      runServers({ ...options, ...oversight, health, metrics, recorder, explain }, both),
      source.run(store, both),
      options.localAddresses?.watch(clock, requestAll, both),
      Promise.race([ready, clock.sleep(LISTS_FIRST_MS, both)]).then(() => recorder.run(both)),
      options.untilReconfigured?.(report, both).then(() => stop.abort()),
      checks?.run(both),
      guard?.run(both),
      ready.then(() => both.aborted || warnOfMisfits(options, node)),
      ...loops.map((loop) => loop.run(ready, both)),
    ]);
  } finally {
    oversight.stop();
    stop.abort();
  }
}

/** Returns what answers the health checks of Services. A dry run has none: it opens no ports for the cluster. */
function serviceHealthOf(
  shared: Omit<Shared, "checks" | "oversight" | "guard">,
): ServiceHealth | undefined {
  const { options, store, sources, health, metrics, recorder } = shared;
  const { localAddresses, nodeName, clock, log } = options;
  if (localAddresses === undefined) return undefined;
  const snapshot = () => store.snapshot;
  return new ServiceHealth({
    healthy: () => health.healthy(),
    addresses: (family) => matchingAddresses(family, circumstancesOf(store.snapshot, sources)),
    ipv6Only: wildcardIsIPv6Only(),
    report: serviceHealthReport({ recorder, metrics, nodeName, snapshot }),
    clock,
    log: log.getChild("health-checks"),
  });
}

/** Logs, once, where the configuration does not fit the node as it is known at start. */
function warnOfMisfits({ config, log }: DaemonOptions, { object, facts }: OwnNode): void {
  const { name, addresses, podCIDRs } = facts;
  const node = { name, isKnown: object !== undefined, families: [...addresses.keys()], podCIDRs };
  for (const warning of sanityWarnings(config, node)) log.warn(warning);
}
