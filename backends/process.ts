import { feed, withinLimits } from "./process_tree.ts";

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
  /** Milliseconds after which the process is killed, with everything that it has started. */
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

/** Runs a real process. What it has started is killed with it, and not waited for. */
export const runProcess: RunProcess = (command, args, options) => {
  const { stdin } = options;
  const streams = { stdin: stdin === undefined ? "null" : "piped", stdout: "piped" } as const;
  return withinLimits(command, { args, ...streams }, options, async (tree) => {
    const [{ code }, stdout, stderr] = await Promise.all([
      tree.status,
      textOf(tree.stdout()),
      textOf(tree.stderr()),
      stdin && feed(tree.stdin, stdin),
    ]);
    return { code, stdout, stderr };
  });
};

async function textOf(parts: AsyncIterable<string>): Promise<string> {
  let text = "";
  for await (const part of parts) text += part;
  return text;
}
