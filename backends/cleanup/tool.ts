import { type ProcessResult, type RunProcess, runProcess } from "../process.ts";
import type { Clock } from "../../model/clock.ts";

/** The programs that a cleanup runs, as far as they are installed; for `--allow-run`. */
export const PROGRAMS: readonly string[] = [
  ...["iptables", "ip6tables"].flatMap((family) =>
    ["", "-nft", "-legacy"].flatMap((variant) => [
      `${family}${variant}-save`,
      `${family}${variant}-restore`,
    ])
  ),
  "ip",
  "ipset",
  "ipvsadm",
];

/** What a cleanup works with. */
export interface CleanupOptions {
  readonly clock: Clock;
  readonly run?: RunProcess;
  readonly signal?: AbortSignal;
}

/** Milliseconds for one program. `iptables-save` has written 700,000 rules by then. */
const TIMEOUT_MS = 60_000;

/** Runs `program` and returns what came of it, also of a failure; undefined when it is not installed. */
export async function runTool(
  program: string,
  args: readonly string[],
  { run = runProcess, signal }: CleanupOptions,
  stdin?: Iterable<string>,
): Promise<ProcessResult | undefined> {
  try {
    return await run(program, args, {
      timeoutMs: TIMEOUT_MS,
      ...(stdin === undefined ? {} : { stdin }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw new Error(`Cannot run "${program}"`, { cause: error });
  }
}

/** Says in one line why a program failed, or that it is not installed. */
export function complaint(result: ProcessResult | undefined): string {
  if (result === undefined) return "it is not installed";
  const { code, stderr, timedOut } = result;
  if (timedOut) return `no answer within ${TIMEOUT_MS / 1000} s`;
  return stderr.trim().split("\n")[0] || `exit code ${code}`;
}
