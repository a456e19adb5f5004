import assert from "node:assert/strict";
import { NftablesBackend } from "../../backends/nftables/nftables_backend.ts";
import { spawnedNft } from "../../backends/nftables/nft.ts";
import { NftSession } from "../../backends/nftables/nft_session.ts";
import { withSession } from "../../backends/nftables/session_nft.ts";
import { defaultConfiguration } from "../../config/configuration.ts";
import { LocalAddresses } from "../../daemon/local_addresses.ts";
import { runDaemon } from "../../daemon/daemon.ts";
import { type Clock, systemClock } from "../../model/clock.ts";
import { FAMILIES } from "../../model/family.ts";
import { type ClusterObject, KINDS } from "../../model/objects.ts";
import type { Sink } from "../../watch/source.ts";
import { ADDRESSES, ClusterLab, type Member } from "./cluster_lab.ts";
import { FaultyNft } from "./faulty_nft.ts";
import { recordingLog } from "./log.ts";
import { node, service, slice } from "./objects.ts";

/** Milliseconds that nft gets in place of minutes. */
const NFT_MS = 3_000;

/** `syncPeriod`: twice as long without a good sync, and the proxy is unhealthy. */
const SYNC_PERIOD_MS = 1_000;

/** What `/readyz` says, in short. */
interface Ready {
  readonly status: number;
  readonly reasons: readonly string[];
}

/**
 * A {@linkcode ClusterLab} whose node has a whole daemon, run by the test's own process, with an nft that can be made
 * to fail. It begins with Service `web` at {@linkcode WEB}, answered by pod-a.
 */
export class FaultLab implements AsyncDisposable {
  readonly world: ClusterLab;
  readonly nft: FaultyNft;
  readonly recording = recordingLog();
  /** By how much the wall clock is wrong, in milliseconds. */
  wallOffset = 0;
  readonly #port: number;
  readonly #stop = new AbortController();
  #sink: Sink | undefined;
  #running: Promise<void> | undefined;

  private constructor(world: ClusterLab, nft: FaultyNft) {
    this.world = world;
    this.nft = nft;
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#port = listener.addr.port;
  }

  /** Makes everything and starts the daemon, after what `prepare` does: then the first sync is not waited for. */
  static async create(prepare?: (lab: FaultLab) => Promise<void>): Promise<FaultLab> {
    const nft = await FaultyNft.create();
    let lab;
    try {
      lab = new FaultLab(await ClusterLab.create(), nft);
    } catch (error) {
      await nft[Symbol.asyncDispose]();
      throw error;
    }
    try {
      await prepare?.(lab);
      lab.#running = lab.#run();
      if (prepare === undefined) await lab.isReady();
      return lab;
    } catch (error) {
      await lab[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Lines of the log, which {@linkcode recordingLog} shortens. */
  get log(): string {
    return this.recording.lines.join("\n");
  }

  /** Tells the daemon of objects that came or changed. */
  upsert(...objects: readonly ClusterObject[]): void {
    for (const object of objects) this.#sink?.upsert(object);
  }

  /** Asks `web` from a pod and from a client outside, and fails unless pod-a answers every time. */
  async serves(address: string = WEB, server: Member = "pod-a"): Promise<void> {
    const outcomes = await this.#ask(address);
    assert.deepEqual([...new Set(outcomes)], [server], this.log);
  }

  /** Waits until connections to `address` are answered by `server`, or by nobody. */
  async sees(address: string, server: Member | undefined): Promise<void> {
    await this.until(
      async () => (await this.#ask(address)).every((one) => one === server),
      `${address} to lead to ${server}`,
    );
  }

  /** Waits until `/readyz` and `/healthz` say that all is well. */
  async isReady(): Promise<void> {
    await this.until(async () => {
      return (await this.readyz()).status === 200 && await this.health("healthz") === 200;
    }, "readiness");
  }

  /** Waits until `/readyz` gives a reason like `reason`. */
  async isUnready(reason: RegExp): Promise<void> {
    await this.until(async () => {
      const { status, reasons } = await this.readyz();
      return status === 503 && reasons.some((one) => reason.test(one));
    }, `the reason ${reason}`);
  }

  async readyz(): Promise<Ready> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/readyz`).catch(() => undefined);
    if (response === undefined) return { status: 0, reasons: [] };
    const { reasons } = await response.json();
    return { status: response.status, reasons };
  }

  /** The status of a check that load balancers and kubelets act upon. */
  async health(path: "healthz" | "livez"): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.#port}/${path}`);
    await response.body?.cancel();
    return response.status;
  }

  async until(condition: () => Promise<boolean>, what: string): Promise<void> {
    const end = performance.now() + 60_000;
    while (!await condition()) {
      if (performance.now() > end) assert.fail(`Waited in vain for ${what}:\n${this.log}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Ends the daemon; the rules stay. */
  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await this.nft[Symbol.asyncDispose]();
    await this.world[Symbol.asyncDispose]();
  }

  async #ask(address: string): Promise<readonly (string | undefined)[]> {
    const { "pod-b": pod, client } = this.world.members;
    const options = { parallel: 8, timeoutMs: 2_000 };
    const asked = [pod, client].map((from) => from.connectMany(address, 80, 8, options));
    const outcomes = (await Promise.all(asked)).flat();
    return outcomes.map((one) => one.result === "answered" ? one.server : undefined);
  }

  async #run(): Promise<void> {
    const lab = this.world.lab.node;
    const sessions: NftSession[] = [];
    const clock: Clock = { ...systemClock, now: () => Date.now() + this.wallOffset };
    const backends = FAMILIES.map((family) => {
      const spawned = spawnedNft({
        run: (_, args, options) => lab.exec(this.nft.path, args, options),
        timeoutMs: NFT_MS,
      });
      const command = lab.command(this.nft.path, ["-i"]);
      const session = new NftSession({ command, timeoutMs: NFT_MS });
      sessions.push(session);
      return new NftablesBackend(family, { nft: withSession(spawned, session), clock });
    });
    const addresses = ADDRESSES.node.map((address) => ({ address }));
    const running = runDaemon({
      config: this.#config(),
      nodeName: "node-a",
      makeSource: () => Promise.resolve({ run: (sink, signal) => this.#feed(sink, signal) }),
      backends,
      localAddresses: new LocalAddresses(() => addresses),
      clock,
      log: this.recording.log,
    }, this.#stop.signal);
    await running.finally(() => Promise.all(sessions.map((session) => session.close())));
  }

  #config() {
    const config = defaultConfiguration();
    return {
      ...config,
      mode: "nftables" as const,
      clusterCIDR: "10.244.0.0/16,fd00:244::/64",
      nftables: { ...config.nftables, syncPeriod: SYNC_PERIOD_MS, minSyncPeriod: 0 },
      healthzBindAddress: `127.0.0.1:${this.#port}`,
      metricsBindAddress: "127.0.0.1:0",
    };
  }

  async #feed(sink: Sink, signal: AbortSignal): Promise<void> {
    this.#sink = sink;
    const objects = [node({ addresses: ADDRESSES.node }), ...offered("web", WEB, "pod-a")];
    for (const kind of KINDS) sink.replace(kind, objects.filter((one) => one.kind === kind));
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
      if (signal.aborted) resolve();
    });
  }
}

/** The cluster IP of the Service that is there from the beginning. */
export const WEB = "10.96.0.10";

/** Returns a Service at `clusterIP` and its slice with one endpoint. */
export function offered(name: string, clusterIP: string, member: Member): readonly ClusterObject[] {
  return [service(name, { clusterIP }), slice(name, [ADDRESSES[member][0]])];
}
