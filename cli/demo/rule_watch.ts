import type { Namespace } from "./namespace.ts";

interface Waiting {
  readonly pattern: RegExp;
  readonly seen: (at: number) => void;
}

/** Milliseconds after which an announcement does not come any more. */
const PATIENCE_MS = 10_000;

/** Listens to the kernel's own announcements of changes to the rules of a namespace (`nft monitor`). */
export class RuleWatch {
  readonly #process: Deno.ChildProcess;
  readonly #waiting = new Set<Waiting>();

  private constructor(process: Deno.ChildProcess) {
    this.#process = process;
    void this.#read();
  }

  /** Starts to listen; resolves when announcements really come. */
  static async start(node: Namespace): Promise<RuleWatch> {
    const streams = { stdin: "null", stdout: "piped", stderr: "null" } as const;
    const watch = new RuleWatch(node.spawn("nft", ["monitor"], streams));
    const table = "weir-demo-probe";
    const heard = watch.next(new RegExp(table));
    let listening = false;
    void heard.then(() => listening = true);
    while (!listening) {
      await node.output("nft", [`add table ip ${table}; delete table ip ${table}`]);
    }
    return watch;
  }

  /** Resolves with the time (`performance.now()`) of the next announcement that matches. Rejects when none comes. */
  next(pattern: RegExp): Promise<number> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(waiting);
        reject(new Error(`The kernel announced no change like ${pattern}`));
      }, PATIENCE_MS);
      const waiting: Waiting = {
        pattern,
        seen: (at) => {
          clearTimeout(timer);
          resolve(at);
        },
      };
      this.#waiting.add(waiting);
    });
  }

  /** Stops listening. */
  async close(): Promise<void> {
    try {
      this.#process.kill();
    } catch { /* it has ended by itself */ }
    await this.#process.status;
  }

  async #read(): Promise<void> {
    let rest = "";
    for await (const chunk of this.#process.stdout.pipeThrough(new TextDecoderStream())) {
      const at = performance.now();
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) this.#tell(line, at);
    }
  }

  #tell(line: string, at: number): void {
    for (const waiting of this.#waiting) {
      if (!waiting.pattern.test(line)) continue;
      this.#waiting.delete(waiting);
      waiting.seen(at);
    }
  }
}
