import { systemClock } from "../../model/clock.ts";
import { createApiSource } from "../../watch/api_source.ts";
import { type Client, createClient } from "../../watch/client.ts";
import { createCredentials } from "../../watch/credentials.ts";
import { findAccess } from "../../watch/kubeconfig.ts";
import { recordingLog } from "../support/log.ts";
import { Recorder } from "../watch/_recorder.ts";

/** Changes how the source sends requests. */
export type RequestChange = (request: Client["request"]) => Client["request"];

/** A source on a real API server, and what it has told. */
export class Mirror implements AsyncDisposable {
  readonly sink = new Recorder();
  readonly recording = recordingLog();
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;

  private constructor(kubeconfig: string, change: RequestChange) {
    this.#running = this.#run(kubeconfig, change);
  }

  /** Starts a source with `kubeconfig` and waits for the first complete lists. */
  static async start(
    kubeconfig: string,
    change: RequestChange = (request) => request,
  ): Promise<Mirror> {
    const mirror = new Mirror(kubeconfig, change);
    await mirror.until(() => mirror.lists() >= 4, "the first lists");
    return mirror;
  }

  async #run(kubeconfig: string, change: RequestChange): Promise<void> {
    const surroundings = { readTextFile: Deno.readTextFile, env: () => undefined };
    const access = await findAccess({ kubeconfig, master: "" }, surroundings);
    const credentials = createCredentials(access, { ...surroundings, clock: systemClock });
    const { server } = access;
    const real = createClient({ server, credentials, clock: systemClock });
    const client = {
      server,
      request: change((path, options) => real.request(path, options)),
      distrust: (response: Response) => real.distrust(response),
      close: () => real.close(),
    };
    const { log } = this.recording;
    const source = createApiSource({
      client,
      nodeName: "node-1",
      clock: systemClock,
      log,
      timing: { healthyMs: 100 },
    });
    await source.run(this.sink, this.#ending.signal);
  }

  /** How many complete lists have come. */
  lists(): number {
    return this.sink.calls.filter((call) => call.startsWith("replace")).length;
  }

  /** The names of what is in force of `kind`. */
  names(kind: string): string[] {
    const objects = [...this.sink.objects.values()].filter((object) => object.kind === kind);
    return objects.map((object) => object.name).toSorted();
  }

  async until(condition: () => boolean, what: string): Promise<void> {
    const end = performance.now() + 60_000;
    while (!condition()) {
      if (performance.now() > end) {
        throw new Error(`Waited in vain for ${what}:\n${this.recording.lines.join("\n")}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async untilNames(kind: string, ...names: string[]): Promise<void> {
    await this.until(() => this.names(kind).join() === names.join(), `${kind} ${names}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }
}
