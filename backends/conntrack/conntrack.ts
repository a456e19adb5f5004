import type { Family } from "../../model/family.ts";
import { type StreamProcess, streamProcess, type StreamResult } from "../stream_process.ts";
import { ConntrackError } from "./conntrack_error.ts";
import { type Flow, parseFlow } from "./flow.ts";

/** How weir reaches the kernel's connection tracking. Both calls reject with {@linkcode ConntrackError}. */
export interface Conntrack {
  /** Passes every UDP flow of a family to `onFlow`, one after the other as they are read. */
  list(family: Family, onFlow: (flow: Flow) => void, signal?: AbortSignal): Promise<void>;
  /** Deletes the UDP flows that match and returns how many there were; none is no error. */
  delete(family: Family, match: FlowMatch, signal?: AbortSignal): Promise<number>;
}

/** All flows from one destination to one endpoint; or to any, when `replySource` is absent. */
export type FlowMatch =
  & Pick<Flow, "destination" | "destinationPort">
  & Partial<Pick<Flow, "replySource" | "replySourcePort">>;

/** How to run the `conntrack` program. */
export interface ConntrackOptions {
  readonly stream?: StreamProcess;
  /** Milliseconds for one pass over the table. A million entries take 7 s. */
  readonly timeoutMs?: number;
}

/**
 * Returns a {@linkcode Conntrack} that runs the program `conntrack` (conntrack-tools).
 *
 * Whatever it is told to match, the program reads the whole table, also for a deletion: 13 ms for an empty one with 262,144
 * buckets, and 4 s per million entries. So flows are deleted in groups, never one by one.
 */
export function spawnedConntrack(options: ConntrackOptions = {}): Conntrack {
  const { stream = streamProcess, timeoutMs = 120_000 } = options;
  const run = async (
    action: string,
    args: readonly string[],
    { onLine, signal }: { onLine: (line: string) => void; signal: AbortSignal | undefined },
  ): Promise<StreamResult> => {
    try {
      const rest = signal === undefined ? {} : { signal };
      const result = await stream("conntrack", args, { onLine, timeoutMs, ...rest });
      if (result.code !== 0 && !saysHowMany(result)) throw failure(action, result, timeoutMs);
      return result;
    } catch (error) {
      throw isUnrunnable(error) ? missingProgram(action, error) : error;
    }
  };
  return {
    async list(family, onFlow, signal) {
      const onLine = (line: string) => {
        const flow = parseFlow(line);
        if (flow !== undefined) onFlow(flow);
      };
      await run("list UDP flows", ["-L", ...ofFamily(family)], { onLine, signal });
    },
    async delete(family, match, signal) {
      const args = ["-D", ...ofFamily(family), ...matching(match)];
      // The program prints what it deletes, which may be most of the table.
      const result = await run("delete UDP flows", args, { onLine: () => {}, signal });
      return Number(DELETED.exec(result.stderr)?.[1] ?? 0);
    },
  };
}

/** Only the default zone: see {@linkcode parseFlow}. */
function ofFamily(family: Family): readonly string[] {
  return ["-p", "udp", "-f", family.toLowerCase(), "-w", "0"];
}

function matching(match: FlowMatch): readonly string[] {
  const destination = ["--orig-dst", match.destination, "--dport", `${match.destinationPort}`];
  if (match.replySource === undefined) return destination;
  const endpoint = ["--reply-src", match.replySource, "--reply-port-src"];
  return [...destination, ...endpoint, `${match.replySourcePort}`];
}

/** What the program says after a deletion; with exit code 1 when there was nothing to delete. */
const DELETED = /(\d+) flow entries have been deleted/;

function saysHowMany({ stderr, timedOut }: StreamResult): boolean {
  return !timedOut && DELETED.test(stderr);
}

/** The kernel's EINTR and ENOBUFS, as the C library words them. */
const INTERRUPTED = /Interrupted system call|No buffer space available/;

function failure(action: string, result: StreamResult, timeoutMs: number): ConntrackError {
  if (result.timedOut) {
    return new ConntrackError("failed", `Cannot ${action}: "conntrack" took over ${timeoutMs} ms`);
  }
  const said = result.stderr.trim() || `"conntrack" ended with exit code ${result.code}`;
  const kind = INTERRUPTED.test(said) ? "interrupted" : "failed";
  return new ConntrackError(kind, `Cannot ${action}: ${said}`);
}

function isUnrunnable(error: unknown): boolean {
  const { NotFound, NotCapable, PermissionDenied } = Deno.errors;
  return [NotFound, NotCapable, PermissionDenied].some((kind) => error instanceof kind);
}

function missingProgram(action: string, cause: unknown): ConntrackError {
  const message = `Cannot ${action}: the program "conntrack" cannot be run, install the package ` +
    `"conntrack" (Debian, Ubuntu) or "conntrack-tools"`;
  return new ConntrackError("missing", message, { cause });
}
