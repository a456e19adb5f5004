import { feed, withinLimits } from "./process_tree.ts";

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

/** Runs a real process. What it has started is killed with it, and not waited for. */
export const streamProcess: StreamProcess = (command, args, options) => {
  const { stdin } = options;
  const streams = { stdin: stdin === undefined ? "null" : "piped", stdout: "piped" } as const;
  return withinLimits(command, { args, ...streams }, options, async (tree) => {
    const [{ code }, stderr] = await Promise.all([
      tree.status,
      lastOf(tree.stderr()),
      eachLine(tree.stdout(), options.onLine),
      stdin === undefined ? undefined : feed(tree.stdin, [stdin]),
    ]);
    return { code, stderr };
  });
};

async function eachLine(
  texts: AsyncIterable<string>,
  take: (line: string) => void,
): Promise<void> {
  let rest = "";
  for await (const text of texts) {
    const lines = (rest + text).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) take(line);
  }
  if (rest !== "") take(rest);
}

async function lastOf(texts: AsyncIterable<string>): Promise<string> {
  let end = "";
  for await (const text of texts) {
    end = (end + text).slice(-STDERR_LIMIT);
  }
  return end;
}
