import type { Logger } from "@logtape/logtape";
import type { RunProcess } from "../backends/process.ts";

/** What a configuration asks for that says nothing of it. */
const DEFAULT = -999;

/** Milliseconds for the program. */
const TIMEOUT_MS = 10_000;

/** What {@linkcode adjustOomScore} works with. */
export interface OomScoreOptions {
  /** `oomScoreAdj`, -1000 to 1000. */
  readonly score: number;
  /** The process that it is for. @default {Deno.pid} */
  readonly pid?: number;
  readonly run: RunProcess;
  readonly log: Logger;
}

/**
 * Tells the kernel how willingly to end this process when memory is short. Never rejects: it works without, too.
 *
 * It runs `choom` (util-linux), as Deno opens no file of /proc/self without every permission there is. A lower score than
 * the process was started with takes CAP_SYS_RESOURCE; without it, one line names who can set it instead. That is a
 * warning only where somebody asked for a score that is not the default.
 */
export async function adjustOomScore(options: OomScoreOptions, signal: AbortSignal): Promise<void> {
  const { score, pid = Deno.pid, run, log } = options;
  const failure = await attempt(["-n", String(score), "-p", String(pid)], run, signal);
  if (failure === undefined) return log.debug("Set oom_score_adj", { score });
  if (signal.aborted) return;
  log[score === DEFAULT ? "info" : "warn"](
    "oom_score_adj stays as the process was started with: set OOMScoreAdjust= of the systemd " +
      "unit or the priority class of the Pod instead",
    { wanted: score, reason: failure },
  );
}

/** Returns why it did not work, or undefined when it did. */
async function attempt(
  args: readonly string[],
  run: RunProcess,
  signal: AbortSignal,
): Promise<string | undefined> {
  try {
    const { code, stderr, timedOut } = await run("choom", args, { timeoutMs: TIMEOUT_MS, signal });
    if (timedOut) return `"choom" took over ${TIMEOUT_MS} ms`;
    return code === 0 ? undefined : stderr.trim() || `"choom" ended with exit code ${code}`;
  } catch (error) {
    return error instanceof Deno.errors.NotFound
      ? "choom is not installed, it is in the package util-linux"
      : error instanceof Error
      ? error.message
      : String(error);
  }
}
