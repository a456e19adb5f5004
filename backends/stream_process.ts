/** What a process left behind whose output was taken line by line. */
export interface StreamResult {
  /** The exit code; 128 + n after signal n. */
  readonly code: number;
  /** The end of standard error, {@linkcode STDERR_LIMIT} characters at most. */
  readonly stderr: string;
  /** True when the process was killed because its time was up. */
  readonly timedOut: boolean;
}

/** How to run a process whose output may be large. */
export interface StreamOptions {
  /** Takes one line of standard output, without its end. What it throws ends the process and the call. */
  readonly onLine: (line: string) => void;
  /** Text for standard input. Without it, standard input is closed. */
  readonly stdin?: string;
  /** Milliseconds after which the process is killed. */
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/**
 * Runs a program with an argument list (never through a shell) and passes its output on as it comes.
 *
 * No more than a chunk and the beginning of a line are held, however much it prints; a program that is faster than its
 * reader waits. Rejects with `Deno.errors.NotFound` when it does not exist; a non-zero exit code is a result, not an error.
 */
export type StreamProcess = (
  command: string,
  args: readonly string[],
  options: StreamOptions,
) => Promise<StreamResult>;

/** Characters of standard error that are kept. */
export const STDERR_LIMIT = 4_096;

/** Runs a real process. */
export const streamProcess: StreamProcess = async (command, args, options) => {
  const { stdin } = options;
  const child = new Deno.Command(command, {
    args: [...args],
    stdin: stdin === undefined ? "null" : "piped",
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
  if (options.signal?.aborted) kill();
  try {
    const [{ code }, stderr] = await Promise.all([
      child.status,
      lastOf(child.stderr),
      eachLine(child.stdout, options.onLine),
      stdin === undefined ? undefined : feed(child.stdin, stdin),
    ]);
    return { code, stderr, timedOut };
  } finally {
    kill();
    clearTimeout(timer);
    options.signal?.removeEventListener("abort", kill);
    await child.status;
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

/** Writes all of standard input. A child that ends before it has read everything is not an error here. */
async function feed(stdin: WritableStream<Uint8Array>, text: string): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch { /* the exit code and stderr say why it stopped reading */ }
}

async function eachLine(
  stream: ReadableStream<Uint8Array>,
  take: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  }
  if (rest !== "") take(rest);
}

async function lastOf(stream: ReadableStream<Uint8Array>): Promise<string> {
  let end = "";
  for await (const text of stream.pipeThrough(new TextDecoderStream())) {
    end = (end + text).slice(-STDERR_LIMIT);
  }
  return end;
}
