import type { Logger } from "@logtape/logtape";
import { spawnedConntrack } from "../backends/conntrack/conntrack.ts";
import { NftablesBackend } from "../backends/nftables/nftables_backend.ts";
import { type Nft, spawnedNft } from "../backends/nftables/nft.ts";
import { NftSession } from "../backends/nftables/nft_session.ts";
import { withSession } from "../backends/nftables/session_nft.ts";
import { nodeName } from "../config/effective.ts";
import { runDaemon, type SourceHooks } from "../daemon/daemon.ts";
import { supportedFamilies } from "../daemon/families.ts";
import { LocalAddresses } from "../daemon/local_addresses.ts";
import { configureLogging } from "../daemon/log.ts";
import { systemClock } from "../model/clock.ts";
import { FAMILIES, type Family } from "../model/family.ts";
import { type Client, createClient } from "../watch/client.ts";
import { createCredentials } from "../watch/credentials.ts";
import type { EventWriter } from "../watch/event_writer.ts";
import { findAccess } from "../watch/kubeconfig.ts";
import type { Source } from "../watch/source.ts";
import { cleanUp, leftoverRemover } from "./cleanup.ts";
import { printingNft, writeStdout } from "./dry_run.ts";
import { initialise } from "./init_only.ts";
import type { RunOptions } from "./options.ts";
import { versionLine } from "./version.ts";
import { writeConfigTo } from "./write_config.ts";

/** Milliseconds that the last log lines get to be written. */
const FLUSH_MS = 1_000;

/**
 * Is the service proxy until `signal` aborts, or does what else the options say. Returns the exit code.
 *
 * Rules stay in the kernel when it ends.
 */
export async function run(options: RunOptions, signal: AbortSignal): Promise<number> {
  const { logging: logs } = options.config;
  const logging = configureLogging({
    format: logs.format === "json" ? "json" : "text",
    verbosity: logs.verbosity,
    vmodule: logs.vmodule,
  });
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
    if (options.cleanup) return await cleanUp(log, { nft: spawnedNft(), clock: systemClock });
    if (options.initOnly) return await initialise(supportedFamilies(), log, { signal });
    await serve(options, log, signal);
    log.info("Stopped, the rules stay in force");
    return 0;
  } catch (error) {
    log.error("Cannot go on", { error });
    return 1;
  } finally {
    await logging.flush(AbortSignal.timeout(FLUSH_MS));
  }
}

async function serve(options: RunOptions, log: Logger, signal: AbortSignal): Promise<void> {
  const { config, dryRun } = options;
  const name = nodeName(config, Deno.hostname());
  const families = dryRun ? FAMILIES : supportedFamilies();
  log.info("Starting", { version: versionLine(), node: name, families: families.join(), dryRun });
  const client = options.manifests === "" ? await clientFor(options) : undefined;
  const events = dryRun ? undefined : await eventWriterFor(client);
  const sessions: NftSession[] = [];
  const nftFor = (family: Family): Nft => {
    if (dryRun) return printingNft(family, systemClock, writeStdout);
    const session = new NftSession();
    sessions.push(session);
    return withSession(spawnedNft(), session);
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
    afterFirstSync: dryRun
      ? undefined
      : leftoverRemover(families, log.getChild("cleanup"), { clock: systemClock }),
    clock: systemClock,
    log,
  }, signal);
  await running.finally(() => Promise.all(sessions.map((session) => session.close())));
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

/** Returns the client of the API server that the options or the Pod's environment name. */
async function clientFor({ config, master }: RunOptions): Promise<Client> {
  const { kubeconfig } = config.clientConnection;
  const surroundings = { readTextFile: Deno.readTextFile, env: Deno.env.get };
  const access = await findAccess({ kubeconfig, master }, surroundings);
  const credentials = createCredentials(access, { ...surroundings, clock: systemClock });
  const { server, proxy } = access;
  return createClient({
    server,
    credentials,
    clock: systemClock,
    ...(proxy === undefined ? {} : { proxy }),
  });
}
