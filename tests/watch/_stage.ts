import type { Kind } from "../../model/objects.ts";
import { type Client, createClient } from "../../watch/client.ts";
import { createCredentials } from "../../watch/credentials.ts";
import { Reflector } from "../../watch/reflector.ts";
import type { ReflectorOptions } from "../../watch/reflector_options.ts";
import { resourceOf } from "../../watch/resource.ts";
import { BadServer, type Encoding, type EventStream } from "../support/bad_server.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { recordingLog } from "../support/log.ts";
import { Recorder, until } from "./_recorder.ts";

/** A reflector of one kind that runs against a server played by the test, on a clock held by the test. */
export class Stage implements AsyncDisposable {
  readonly server = new BadServer();
  readonly clock = new FakeClock();
  readonly sink = new Recorder();
  readonly recording = recordingLog();
  /** What the token file holds. */
  token = "token-1";
  skipped = 0;
  /** How many answers about the server's history have arrived. */
  histories = 0;
  #lines = 0;
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;
  readonly #close: () => void;

  /** `options` change those of the reflector; jitter is off. */
  constructor(
    encoding: Encoding,
    kind: Kind = "Service",
    options: Partial<ReflectorOptions> = {},
  ) {
    this.server.encoding = encoding;
    const access = { server: this.server.url, origin: "the test", token: { file: "token" } };
    const readTextFile = () => Promise.resolve(this.token);
    const credentials = createCredentials(access, { readTextFile, clock: this.clock });
    const real = createClient({ server: this.server.url, credentials, clock: this.clock });
    const client = { ...bound(real), request: this.#countHistory(real) };
    this.#close = () => real.close();
    this.#running = new Reflector({
      client,
      resource: resourceOf(kind, "node-1"),
      sink: this.sink,
      clock: this.clock,
      log: this.recording.log,
      random: () => 0.5,
      onSkipped: () => this.skipped++,
      ...options,
    }).run(this.#ending.signal);
  }

  /**
   * Answers the streaming list that is asked for with `names` at `version`, and returns the stream, which is live,
   * once the reflector has learnt the server's history too.
   */
  async synced(version: string, ...names: string[]): Promise<EventStream> {
    const request = await this.server.receive();
    return await this.#fill(() => request.stream(), version, names);
  }

  /** The same with a stream whose end is a broken connection. */
  async doomed(version: string, ...names: string[]): Promise<EventStream> {
    const request = await this.server.receive();
    return await this.#fill(() => request.doomedStream(), version, names);
  }

  async #fill(open: () => EventStream, version: string, names: string[]): Promise<EventStream> {
    const calls = this.sink.calls.length;
    const histories = this.histories;
    const stream = open();
    for (const name of names) stream.event("ADDED", service(name));
    stream.endOfList(version);
    await this.sink.until(calls + 1);
    await until(() => this.histories > histories);
    return stream;
  }

  /** Waits until the reflector has said once more that it failed, and now waits for `milliseconds`. */
  async waiting(milliseconds: number): Promise<void> {
    const { lines } = this.recording;
    const told = () =>
      lines.slice(this.#lines).some((line) => line.includes(`retryInMs=${milliseconds}`));
    await until(
      () => told() && this.clock.untilNextWake === milliseconds,
      () => `the next wake is in ${this.clock.untilNextWake} ms, the log says ${lines.join("; ")}`,
    );
    this.#lines = lines.length;
  }

  #countHistory(client: Client): Client["request"] {
    return async (path, options) => {
      const response = await client.request(path, options);
      if (!path.startsWith("/api/v1/namespaces/default/services?")) return response;
      const text = await response.text();
      this.histories++;
      return new Response(text);
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#running;
    this.#close();
    await this.server[Symbol.asyncDispose]();
  }
}

function bound(client: Client): Omit<Client, "request"> {
  return {
    server: client.server,
    distrust: (response) => client.distrust(response),
    close: () => client.close(),
  };
}

/** Makes a stage on a server that answers in one encoding. */
export type StageMaker = (kind?: Kind, options?: Partial<ReflectorOptions>) => Stage;

/** Registers a test twice: on a server that answers in protobuf, and on one that only knows JSON. */
export function inBothEncodings(
  name: string,
  run: (stageOf: StageMaker, t: Deno.TestContext) => Promise<void>,
): void {
  for (const encoding of ["protobuf", "JSON"] as const) {
    Deno.test(
      `${name} (${encoding})`,
      (t) => run((kind, options) => new Stage(encoding, kind, options), t),
    );
  }
}

/** A raw Service, as small as it can be. */
export function service(name: string, version = "1", port = 80): object {
  return {
    kind: "Service",
    metadata: { namespace: "default", name, resourceVersion: version },
    spec: { clusterIP: "10.96.0.1", ports: [{ port }] },
  };
}
