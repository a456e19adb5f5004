import { fileURLToPath } from "node:url";
import { PERMISSIONS } from "../../cli/permissions.ts";
import { runProcess } from "../../backends/process.ts";
import type { Namespace } from "../../cli/demo/lab.ts";
import { IN_NAMESPACE } from "./kernel.ts";

const ROOT = new URL("../../", import.meta.url);

/** Milliseconds that it gets to end in order. */
const ORDERLY_MS = 3_000;

/** weir as its users start it: a process of its own, with the permissions of the task. */
export class WeirProcess implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reading: Promise<void>[];
  readonly #namespace: Pick<Namespace, "command"> | undefined;
  #ended = false;
  /** What it has logged. */
  log = "";
  /** What it has printed. */
  output = "";

  /** Starts it in this namespace, or in a lab's; `env` is added to the environment. */
  constructor(
    args: readonly string[],
    namespace?: Pick<Namespace, "command">,
    env: Readonly<Record<string, string>> = {},
  ) {
    this.#namespace = namespace;
    const all = ["run", "--quiet", ...PERMISSIONS, "main.ts", ...args];
    const [program, ...rest] = namespace?.command(Deno.execPath(), all) ??
      [Deno.execPath(), ...all];
    this.#child = new Deno.Command(program, {
      args: rest,
      cwd: ROOT,
      env,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.#reading = [
      this.#read(this.#child.stderr, (text) => this.log += text),
      this.#read(this.#child.stdout, (text) => this.output += text),
    ];
    void this.ended().then(() => this.#ended = true);
  }

  /** Resolves when the log contains `text`. Rejects with the log when it ends before, or after a minute. */
  async logged(text: string | RegExp): Promise<void> {
    await this.until(
      () => Promise.resolve(this.log.match(text) !== null),
      `the log line "${text}"`,
    );
  }

  /** Resolves when `condition` holds. Rejects with the log after a minute. */
  async until(condition: () => Promise<boolean>, what: string): Promise<void> {
    const end = performance.now() + 60_000;
    while (!await condition()) {
      if (this.#ended || performance.now() > end) {
        throw new Error(`Waited in vain for ${what}:\n${this.log}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
  }

  /** Sends a signal and returns the exit code. */
  async end(signal: Deno.Signal = "SIGTERM"): Promise<number> {
    this.#child.kill(signal);
    const { code } = await this.#child.status;
    await Promise.all(this.#reading);
    return code;
  }

  /** The exit code, when it ends by itself. */
  async ended(): Promise<number> {
    const { code } = await this.#child.status;
    await Promise.all(this.#reading);
    return code;
  }

  async #read(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
    for await (const text of stream.pipeThrough(new TextDecoderStream())) take(text);
  }

  /** Ends it in order, or by force when that takes long. */
  async [Symbol.asyncDispose](): Promise<void> {
    const timer = setTimeout(() => this.#kill("SIGKILL"), ORDERLY_MS);
    this.#kill("SIGTERM");
    await this.ended();
    clearTimeout(timer);
    await this.#endListener();
  }

  #kill(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch { /* it has ended */ }
  }

  /** The `nft monitor` of a weir that was killed ends when it has something to tell, and finds nobody to tell it to. */
  async #endListener(): Promise<void> {
    if (this.#namespace === undefined && !IN_NAMESPACE) return;
    const event: [string, string[]] = ["nft", ["add table ip gone; delete table ip gone"]];
    const [program, ...args] = this.#namespace?.command(...event) ?? event.flat();
    await runProcess(program ?? "", args, { timeoutMs: 10_000 });
  }
}

/** Returns the path of a file of the project. */
export function projectPath(path: string): string {
  return fileURLToPath(new URL(path, ROOT));
}
