import type { Family } from "../../model/family.ts";
import { type StreamProcess, streamProcess, type StreamResult } from "../stream_process.ts";
import { ConntrackError } from "./conntrack_error.ts";
import { type Flow, parseFlow } from "./flow.ts";

/** How weir reaches the kernel's connection tracking. Both calls reject with {@linkcode ConntrackError}. */
export interface Conntrack {
  /** Passes every UDP flow of a family to `onFlow`, one after the other as they are read. */
  list(family: Family, onFlow: OnFlow, signal?: AbortSignal): Promise<void>;
  /**
   * Deletes the UDP flows that match one of `matches`, and passes each to `onFlow` when it is gone; none is no error.
   *
   * What was deleted before it rejects is gone, and `onFlow` has been told.
   */
  delete(family: Family, matches: readonly FlowMatch[], options: DeleteOptions): Promise<void>;
}

/** Takes a flow. */
export type OnFlow = (flow: Flow) => void;

/** How to delete. */
export interface DeleteOptions {
  readonly onFlow: OnFlow;
  readonly signal?: AbortSignal | undefined;
}

/** All flows from one destination to one endpoint; or to any, when `replySource` is absent. */
export type FlowMatch =
  & Pick<Flow, "destination" | "destinationPort">
  & Partial<Pick<Flow, "replySource" | "replySourcePort">>;

/** How to run the `conntrack` program. */
export interface ConntrackOptions {
  readonly stream?: StreamProcess;
  /** Milliseconds for one process. To read a million entries takes 7 s. */
  readonly timeoutMs?: number;
}

/** The exit code for a command line that the program does not understand, and then does nothing about. */
const NOT_UNDERSTOOD = 2;

/**
 * Returns a {@linkcode Conntrack} that runs the program `conntrack` (conntrack-tools).
 *
 * Whatever it is told to match, the program reads the whole table, also for a deletion: 13 ms for an empty one with 262,144
 * buckets, and 4 s per million entries. So flows are deleted in groups, never one by one.
 *
 * One process deletes all groups of a call: `conntrack -R -` takes commands from standard input. It reads all of them before
 * it follows the first one, goes on where nothing matches, and ends at the first one that the kernel refuses, with exit
 * code 1. Versions before 1.4.7 do not know `-R`: they get a process for each group, once one has said so.
 */
export function spawnedConntrack(options: ConntrackOptions = {}): Conntrack {
  const { stream = streamProcess, timeoutMs = 120_000 } = options;
  let takesCommands = true;
  const run = async (args: readonly string[], task: Task): Promise<StreamResult> => {
    const { action, onFlow, signal, stdin } = task;
    const onLine = (line: string) => {
      const flow = parseFlow(line);
      if (flow !== undefined) onFlow(flow);
    };
    try {
      return await stream("conntrack", args, {
        onLine,
        timeoutMs,
        ...(signal === undefined ? {} : { signal }),
        ...(stdin === undefined ? {} : { stdin }),
      });
    } catch (error) {
      throw isUnrunnable(error) ? missingProgram(action, error) : error;
    }
  };
  return {
    async list(family, onFlow, signal) {
      const task = { action: "list UDP flows", onFlow, signal };
      const result = await run(["-L", ...ofFamily(family)], task);
      if (!isSuccess(result)) throw failure(task.action, result, timeoutMs);
    },
    async delete(family, matches, { onFlow, signal }) {
      const task = { action: "delete UDP flows", onFlow, signal };
      const commands = matches.map((match) => ["-D", ...ofFamily(family), ...matching(match)]);
      if (takesCommands && commands.length > 1) {
        const stdin = commands.map((command) => `${command.join(" ")}\n`).join("");
        const result = await run(["-R", "-"], { ...task, stdin });
        if (isSuccess(result)) return;
        if (result.code !== NOT_UNDERSTOOD) throw failure(task.action, result, timeoutMs);
        takesCommands = false;
      }
      for (const command of commands) {
        const result = await run(command, task);
        if (!isSuccess(result)) throw failure(task.action, result, timeoutMs);
      }
    },
  };
}

/** What a process is for. */
interface Task extends DeleteOptions {
  /** In words, for errors. */
  readonly action: string;
  readonly stdin?: string;
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
const DELETED = /\d+ flow entries have been deleted/;

function isSuccess({ code, stderr, timedOut }: StreamResult): boolean {
  return code === 0 || (!timedOut && DELETED.test(stderr));
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
