/** Milliseconds that a killed process, and who else holds its output, gets to let go of it. */
const LET_GO_MS = 1_000;

/** Milliseconds in which it has to be known what a process has started. */
const LOOK_MS = 5_000;

/** What a {@linkcode ProcessTree} is made of. */
export interface ProcessTreeOptions {
  readonly args: readonly string[];
  readonly stdin: "piped" | "null";
  readonly stdout: "piped" | "null";
}

/**
 * A running program that is killed with everything that it has started.
 *
 * nft and its kin start nothing, but a script that stands in for one of them does; when the script alone is killed, what
 * it has started goes on, with its hold on the kernel's lock, and on the pipes that we wait for.
 *
 * The program is in weir's own process group. One of its own would hold what it starts together by itself, but for that
 * Deno has to fork where it else spawns: 8 ms for half a millisecond, on the thread that does everything. So `ps` tells who
 * belongs to it, when it comes to killing.
 *
 * Disposing it kills what still runs. Throws `Deno.errors.NotFound` when there is no such program.
 */
export class ProcessTree implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #letGo = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #killing: Promise<void> | undefined;
  #ended = false;
  /** Streams of output that somebody may still write to. */
  #open: number;

  constructor(command: string, { args, stdin, stdout }: ProcessTreeOptions) {
    const streams = { stdin, stdout, stderr: "piped" } as const;
    this.#open = stdout === "piped" ? 2 : 1;
    this.#child = new Deno.Command(command, { args: [...args], ...streams }).spawn();
    void this.#child.status.then(() => this.#ended = true);
  }

  /** Resolves when the program has ended, whatever becomes of what it has started. */
  get status(): Promise<Deno.CommandStatus> {
    return this.#child.status;
  }

  get stdin(): WritableStream<Uint8Array> {
    return this.#child.stdin;
  }

  /** Yields what is printed, until all who can print have ended; no longer than a second after they were killed. */
  stdout(): AsyncIterable<string> {
    return this.#texts(this.#child.stdout);
  }

  /** The same for standard error. */
  stderr(): AsyncIterable<string> {
    return this.#texts(this.#child.stderr);
  }

  /** Kills the program and all that it has started. Resolves when they have been told; never rejects. */
  kill(): Promise<void> {
    // Nothing is left of it, and its number may be somebody else's by now.
    if (this.#ended && this.#open === 0) return Promise.resolve();
    return this.#killing ??= this.#kill();
  }

  async *#texts(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
    try {
      yield* texts(stream, this.#letGo.signal);
    } finally {
      this.#open--;
    }
  }

  async #kill(): Promise<void> {
    this.#timer = setTimeout(() => this.#letGo.abort(), LET_GO_MS);
    // It starts no more while the others are looked for.
    this.#signal("SIGSTOP");
    const late = AbortSignal.timeout(LOOK_MS);
    const others = this.#ended ? [] : await descendantsOf(this.#child.pid, late).catch(() => []);
    this.#signal("SIGKILL");
    // Deno signals others than its own children only with the right to run everything.
    if (others.length > 0) await run("kill", ["-KILL", "--", ...others.map(String)], late);
  }

  #signal(signal: Deno.Signal): void {
    try {
      this.#child.kill(signal);
    } catch { /* it has ended by itself */ }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#child.status;
    clearTimeout(this.#timer);
    this.#letGo.abort();
  }
}

/** Returns the numbers of all processes that a process has started, and that those have. Rejects without a program `ps`. */
async function descendantsOf(pid: number, signal: AbortSignal): Promise<number[]> {
  const table = await run("ps", ["-e", "-o", "ppid=,pid="], signal);
  const children = Map.groupBy(
    table.trim().split("\n").map((line) => line.trim().split(/\s+/).map(Number)),
    ([parent]) => parent,
  );
  const below = (parent: number): number[] =>
    (children.get(parent) ?? []).flatMap(([, child = 0]) => [child, ...below(child)]);
  return below(pid);
}

/** Runs a program that is not expected to hang, and returns its output. */
async function run(program: string, args: string[], signal: AbortSignal): Promise<string> {
  const streams = { stdin: "null", stdout: "piped", stderr: "null" } as const;
  const { stdout } = await new Deno.Command(program, { args, ...streams, signal }).output();
  return new TextDecoder().decode(stdout);
}

/** Yields a stream as text until it ends or `signal` aborts. */
async function* texts(
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): AsyncGenerator<string> {
  const reader = stream.getReader();
  const decoder = new TextDecoder();
  const cancel = () => void reader.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield decoder.decode(value, { stream: true });
    }
  } finally {
    signal.removeEventListener("abort", cancel);
    await reader.cancel();
  }
}

/** What ends a process from outside. */
export interface Limits {
  /** Milliseconds after which it is killed, with everything that it has started. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts a program, lets `use` work with it, and ends it when its time is up or `signal` aborts.
 *
 * Returns what `use` makes of it, and whether its time was up. What is still running then is killed, in every case.
 * Throws `Deno.errors.NotFound` when there is no such program.
 */
export async function withinLimits<T>(
  command: string,
  options: ProcessTreeOptions,
  { timeoutMs, signal }: Limits,
  use: (tree: ProcessTree) => Promise<T>,
): Promise<T & { readonly timedOut: boolean }> {
  await using tree = new ProcessTree(command, options);
  let timedOut = false;
  const kill = () => void tree.kill();
  const timer = setTimeout(() => {
    timedOut = true;
    kill();
  }, timeoutMs);
  signal?.addEventListener("abort", kill, { once: true });
  if (signal?.aborted) kill();
  try {
    return { ...await use(tree), timedOut };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", kill);
  }
}

/**
 * Writes `chunks` to a process's standard input. One that ends before it has read everything is not an error here; an
 * error in the making of the chunks is.
 */
export async function feed(
  stdin: WritableStream<Uint8Array>,
  chunks: Iterable<string>,
): Promise<void> {
  const encoder = new TextEncoder();
  const writer = stdin.getWriter();
  for (const chunk of chunks) {
    try {
      await writer.write(encoder.encode(chunk));
    } catch {
      return; // the exit code and stderr say why it stopped reading
    }
  }
  await writer.close().catch(() => {});
}
