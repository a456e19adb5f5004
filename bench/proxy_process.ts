import type { Namespace } from "../cli/demo/namespace.ts";

/** Characters of the log that are kept for a message. */
const LOG_TAIL = 4_000;

/** A running service proxy. */
export class ProxyProcess implements AsyncDisposable {
  /** When it was started (`performance.now()`). */
  readonly started: number;
  readonly pid: number;
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>;
  #log = "";
  #ended = false;

  constructor(node: Namespace, [program, ...args]: readonly [string, ...string[]]) {
    this.started = performance.now();
    const streams = { stdin: "null", stdout: "null", stderr: "piped" } as const;
    this.#child = node.spawn(program, args, streams);
    this.pid = this.#child.pid;
    this.#reading = this.#read();
  }

  /** Throws with the end of the log when it has ended. */
  check(): void {
    if (this.#ended) throw new Error(`The proxy has ended:\n${this.#log}`);
  }

  /** Ends it; the rules stay. */
  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGTERM");
    } catch { /* it has ended by itself */ }
    await this.#child.status;
    await this.#reading;
  }

  async #read(): Promise<void> {
    for await (const text of this.#child.stderr.pipeThrough(new TextDecoderStream())) {
      this.#log = (this.#log + text).slice(-LOG_TAIL);
    }
    this.#ended = true;
  }
}
