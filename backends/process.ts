/** What a finished process left behind. */
export interface ProcessResult {
  /** The exit code; 128 + n after signal n. */
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  /** True when the process was killed because its time was up. */
  readonly timedOut: boolean;
}

/** How to run a process. */
export interface ProcessOptions {
  /** Text for standard input, written in the chunks given. Without it, standard input is closed. */
  readonly stdin?: Iterable<string>;
  /** Milliseconds after which the process is killed. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Runs a program with an argument list (never through a shell) and collects its output.
 *
 * Rejects with `Deno.errors.NotFound` when the program does not exist; a non-zero exit code is a result, not an error.
 */
export type RunProcess = (
  command: string,
  args: readonly string[],
  options: ProcessOptions,
) => Promise<ProcessResult>;

/** Runs a real process. */
export const runProcess: RunProcess = async (command, args, options) => {
  const child = new Deno.Command(command, {
    args: [...args],
    stdin: options.stdin === undefined ? "null" : "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const kill = killer(child);
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    kill();
  }, options.timeoutMs);
  options.signal?.addEventListener("abort", kill, { once: true });
  try {
    const fed = options.stdin === undefined ? undefined : feed(child.stdin, options.stdin);
    const [output] = await Promise.all([child.output(), fed]);
    const text = new TextDecoder();
    return {
      code: output.code,
      stdout: text.decode(output.stdout),
      stderr: text.decode(output.stderr),
      timedOut,
    };
  } finally {
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", kill);
  }
};

/** Returns a function that kills `child` and does not mind when it is gone already. */
function killer(child: Deno.ChildProcess): () => void {
  return () => {
    try {
      child.kill("SIGKILL");
    } catch { /* it has ended by itself */ }
  };
}

/** Writes `chunks` to a child's standard input. A child that ends before it has read everything is not an error here. */
async function feed(stdin: WritableStream<Uint8Array>, chunks: Iterable<string>): Promise<void> {
  const encoder = new TextEncoder();
  const writer = stdin.getWriter();
  try {
    for (const chunk of chunks) await writer.write(encoder.encode(chunk));
    await writer.close();
  } catch { /* the exit code and stderr say why it stopped reading */ }
}
