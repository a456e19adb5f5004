import type { RunProcess } from "../backends/process.ts";
import type { Metrics } from "./metrics.ts";

/** Milliseconds that a scrape waits for the answer. */
const TIMEOUT_MS = 2_000;

/** What {@linkcode followChildMemory} works with. */
export interface ChildMemoryOptions {
  readonly metrics: Pick<Metrics, "childMemory" | "onRead">;
  readonly run: RunProcess;
  /** Whose children they are. @default {Deno.pid} */
  readonly pid?: number;
}

/**
 * Measures the memory of the programs that run as children, above all of the nft that stays, before every read of the
 * metrics, until the returned function is called.
 *
 * It asks `ps` (procps), as Deno opens no file of another process in /proc without every permission there is. Where that
 * is not installed, or hides the children, the metric has no samples.
 */
export function followChildMemory(
  { metrics, run, pid = Deno.pid }: ChildMemoryOptions,
): () => void {
  const seen = new Set<string>();
  return metrics.onRead(async () => {
    const sizes = await childMemory(run, pid);
    for (const program of sizes.keys()) seen.add(program);
    for (const program of seen) metrics.childMemory.set({ program }, sizes.get(program) ?? 0);
  });
}

/** Returns the resident memory of the children of `pid` in bytes, by the program's name. */
async function childMemory(run: RunProcess, pid: number): Promise<ReadonlyMap<string, number>> {
  const sizes = new Map<string, number>();
  const args = ["-o", "rss=,comm=", "--ppid", String(pid)];
  const result = await run("ps", args, { timeoutMs: TIMEOUT_MS }).catch(() => undefined);
  for (const [, kibibytes, program = ""] of result?.stdout.matchAll(/^ *(\d+) (.+)$/gm) ?? []) {
    if (program === "ps") continue;
    sizes.set(program, (sizes.get(program) ?? 0) + Number(kibibytes) * 1024);
  }
  return sizes;
}
