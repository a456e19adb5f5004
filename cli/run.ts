import type { Logger } from "@logtape/logtape";
import { spawnedConntrack } from "../backends/conntrack/conntrack.ts";
import { NftablesBackend } from "../backends/nftables/nftables_backend.ts";
import { spawnedLookup } from "../backends/nftables/kernel_lookup.ts";
import { type Nft, spawnedNft } from "../backends/nftables/nft.ts";
import { NftSession } from "../backends/nftables/nft_session.ts";
import { RulesetWatch } from "../backends/nftables/ruleset_watch.ts";
import { withSession } from "../backends/nftables/session_nft.ts";
import { watchedNft } from "../backends/nftables/watched_nft.ts";
import { runProcess } from "../backends/process.ts";
import type { KubeProxyConfiguration } from "../config/configuration.ts";
import { followChildMemory } from "../daemon/child_memory.ts";
import { compactHeap } from "../daemon/compact_heap.ts";
import { runDaemon, type SourceHooks } from "../daemon/daemon.ts";
import { supportedFamilies } from "../daemon/families.ts";
import { LocalAddresses } from "../daemon/local_addresses.ts";
import { configureLogging, type Logging } from "../daemon/log.ts";
import { createMetrics, type Metrics } from "../daemon/metrics.ts";
import { measured } from "../daemon/metrics_requests.ts";
import { systemClock } from "../model/clock.ts";
import { FAMILIES, type Family } from "../model/family.ts";
import type { Client } from "../watch/client.ts";
import type { EventWriter } from "../watch/event_writer.ts";
import type { Source } from "../watch/source.ts";
import { cleanUp, leftoverRemover } from "./cleanup.ts";
import { printingNft, writeStdout } from "./dry_run.ts";
import { flagValues } from "./flag_values.ts";
import { initialise, nameWhatLacks } from "./init_only.ts";
import type { RunOptions } from "./options.ts";
import { prepare, type Prepared } from "./prepare.ts";
import { requireNft } from "./require_nft.ts";
import { versionLine, WEIR_VERSION } from "./version.ts";
import { writeConfigTo } from "./write_config.ts";

/** Milliseconds that the last log lines get to be written. */
const FLUSH_MS = 1_000;

/** Milliseconds from the start until the configuration file is watched: a change before then is noticed after it. */
const RELOAD_AFTER_MS = 1_000;

/**
 * Is the service proxy until `signal` aborts, or does what else the options say. Returns the exit code.
 *
 * Rules stay in the kernel when it ends.
 */
export async function run(options: RunOptions, signal: AbortSignal): Promise<number> {
  let logging = startLogging(options.config);
  const { log } = logging;
  for (const warning of options.warnings) log.warn(warning);
  try {
    if (options.writeConfigTo !== "") {
      await writeConfigTo(options.writeConfigTo, options.config);
      log.info("Wrote the configuration", { file: options.writeConfigTo });
      return 0;
    }
    // Nothing below writes a file, and nothing that the network brings can make it.
    await Deno.permissions.revoke({ name: "write" });
    if (options.cleanup !== undefined) {
      return await cleanUp(options.cleanup, log, { nft: spawnedNft(), clock: systemClock });
    }
    if (options.initOnly) {
      const code = await initialise(supportedFamilies(), log, { signal });
      const { tuneKernel } = await import("./tune_machine.ts");
      await tuneKernel(options.config, log, signal);
      return code;
    }
    const metrics = createMetrics();
    if (!options.dryRun) followChildMemory({ metrics, run: runProcess });
    let next = await serve(await prepare(options), { log, signal, metrics, isReload: false });
    while (next !== undefined) {
      await logging.flush(AbortSignal.timeout(FLUSH_MS));
      logging = startLogging(next.options.config);
      for (const warning of next.options.warnings) log.warn(warning);
      next = await serve(next, { log, signal, metrics, isReload: true });
    }
    log.info("Stopped, the rules stay in force");
    return 0;
  } catch (error) {
    log.error("Cannot go on", { error });
    return 1;
  } finally {
    await logging.flush(AbortSignal.timeout(FLUSH_MS));
  }
}

function startLogging({ logging }: KubeProxyConfiguration): Logging {
  const { format, verbosity, vmodule } = logging;
  return configureLogging({ format: format === "json" ? "json" : "text", verbosity, vmodule });
}

/** What the service proxy works with, besides what it is to do. */
interface Surroundings {
  readonly log: Logger;
  readonly signal: AbortSignal;
  readonly metrics: Metrics;
  /** True when it goes on with another configuration. */
  readonly isReload: boolean;
}

/** Is the service proxy until `signal` aborts or the configuration file changes: returns what it says then. */
async function serve(
  { options, nodeName: name, client: bare }: Prepared,
  { log, signal, metrics, isReload }: Surroundings,
): Promise<Prepared | undefined> {
  const { config, dryRun } = options;
  if (!dryRun) requireNft();
  metrics.describeBuild({ version: WEIR_VERSION, featureGates: config.featureGates });
  const client = bare && measured(bare, metrics, systemClock);
  const families = dryRun ? FAMILIES : supportedFamilies();
  log.info(isReload ? "Starting anew" : "Starting", {
    version: versionLine(options.reportedVersion || undefined),
    node: name,
    families: families.join(),
    dryRun,
  });
  const events = dryRun ? undefined : await eventWriterFor(client);
  let next: Prepared | undefined;
  const sessions: NftSession[] = [];
  const rulesetWatch = new RulesetWatch({ clock: systemClock });
  const nftFor = (family: Family): Nft => {
    if (dryRun) return printingNft(family, systemClock, writeStdout);
    const session = new NftSession();
    sessions.push(session);
    return watchedNft(withSession(spawnedNft(), session), family, rulesetWatch);
  };
  const running = runDaemon({
    config,
    nodeName: name,
    makeSource: (hooks) =>
      sourceFor(options.manifests, client, {
        ...hooks,
        nodeName: name,
        log: log.getChild("watch"),
      }),
    backends: families.map((family) =>
      new NftablesBackend(family, { nft: nftFor(family), clock: systemClock })
    ),
    events,
    localAddresses: dryRun ? undefined : new LocalAddresses(),
    conntrack: dryRun ? undefined : spawnedConntrack(),
    lookUp: dryRun ? undefined : spawnedLookup(),
    rulesetWatch: dryRun ? undefined : rulesetWatch,
    afterFirstSync: dryRun ? undefined : afterFirstSync(config, families, log),
    afterFirstFailure: dryRun ? undefined : async (family) => {
      await nameWhatLacks(family, log, { signal }).catch((error) =>
        log.debug("Cannot check this machine", { error })
      );
    },
    metrics,
    flags: () => flagValues(options.flags),
    isReload,
    untilReconfigured: options.configFile === "" ? undefined : async (report, signal) => {
      await systemClock.sleep(RELOAD_AFTER_MS, signal); // even an import counts at start
      const { untilChanged } = await import("./reload.ts");
      next = await untilChanged(options, report, { log, signal });
    },
    clock: systemClock,
    log,
  }, signal);
  await running.finally(() => Promise.all(sessions.map((session) => session.close())));
  return next;
}

/** Returns what is done once rules are in force: nothing of it may hold them up. */
function afterFirstSync(
  config: KubeProxyConfiguration,
  families: readonly Family[],
  log: Logger,
): (family: Family, signal: AbortSignal) => Promise<void> {
  const remove = leftoverRemover(families, log.getChild("cleanup"), { clock: systemClock });
  let tuning: Promise<void> | undefined;
  const tune = async (signal: AbortSignal) => {
    const { tuneMachine } = await import("./tune_machine.ts");
    await tuneMachine(config, log.getChild("machine"), signal);
  };
  let waiting = families.length;
  return async (family, signal) => {
    // The kernel's module for connection tracking is there now at the latest: the rules need it.
    await Promise.all([tuning ??= tune(signal), remove(family, signal)]);
    if (--waiting === 0) await compactHeap();
  };
}

/** Returns where objects come from. Only what is needed is imported: it counts at start. */
async function sourceFor(
  manifests: string,
  client: Client | undefined,
  hooks: SourceHooks & { readonly nodeName: string; readonly log: Logger },
): Promise<Source> {
  const shared = { ...hooks, clock: systemClock };
  if (client === undefined) {
    const { createManifestSource } = await import("../watch/manifest_source.ts");
    return createManifestSource({ ...shared, dir: manifests });
  }
  const { createApiSource } = await import("../watch/api_source.ts");
  return createApiSource({ ...shared, client });
}

async function eventWriterFor(client: Client | undefined): Promise<EventWriter | undefined> {
  if (client === undefined) return undefined;
  const { createEventWriter } = await import("../watch/event_writer.ts");
  return createEventWriter({ client, hostname: Deno.hostname(), clock: systemClock });
}
