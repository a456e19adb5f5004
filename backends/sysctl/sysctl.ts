import { type ProcessResult, type RunProcess, runProcess } from "../process.ts";

/** Values of kernel parameters by name, e.g. `net.netfilter.nf_conntrack_max` → `131072`. */
export type SysctlValues = ReadonlyMap<string, string>;

/** How weir reaches the kernel's parameters. Both calls reject when they cannot be reached at all. */
export interface Sysctl {
  /** Returns the values of the parameters among `names` that this kernel has. */
  read(names: readonly string[], signal?: AbortSignal): Promise<SysctlValues>;
  /**
   * Sets each of `values` that the kernel lets it set, and returns what was complained about, a line each.
   *
   * Read them again to see what holds now: the kernel may refuse a value without the program's noticing.
   */
  write(values: SysctlValues, signal?: AbortSignal): Promise<readonly string[]>;
}

/** Milliseconds for one call. Each takes a few. */
const TIMEOUT_MS = 10_000;

/**
 * Returns a {@linkcode Sysctl} that runs the program `sysctl` (procps).
 *
 * Deno refuses to open files below /proc/sys without every permission there is (`--allow-all`), whatever
 * `--allow-read` and `--allow-write` name; a program that does one thing needs one permission.
 */
export function spawnedSysctl(run: RunProcess = runProcess): Sysctl {
  const sysctl = async (args: readonly string[], signal?: AbortSignal): Promise<ProcessResult> => {
    try {
      const options = { timeoutMs: TIMEOUT_MS, ...(signal === undefined ? {} : { signal }) };
      const result = await run("sysctl", args, options);
      if (!result.timedOut) return result;
    } catch (cause) {
      throw isUnrunnable(cause) ? missingProgram(cause) : cause;
    }
    throw new Error(`Cannot use kernel parameters: "sysctl" took over ${TIMEOUT_MS} ms`);
  };
  return {
    async read(names, signal) {
      const { stdout } = await sysctl(names, signal);
      return new Map(
        stdout.split("\n").flatMap((line) => {
          const [, name, value] = /^(\S+) = (.*)$/.exec(line) ?? [];
          return name === undefined || value === undefined ? [] : [[name, value.trim()]];
        }),
      );
    },
    async write(values, signal) {
      const assignments = [...values].map(([name, value]) => `${name}=${value}`);
      const { stderr } = await sysctl(["-w", ...assignments], signal);
      return stderr.split("\n").map((line) => line.replace(/^sysctl: /, "").trim())
        .filter((line) => line !== "");
    },
  };
}

function isUnrunnable(error: unknown): boolean {
  const { NotFound, NotCapable, PermissionDenied } = Deno.errors;
  return [NotFound, NotCapable, PermissionDenied].some((kind) => error instanceof kind);
}

function missingProgram(cause: unknown): Error {
  const message = `Cannot use kernel parameters: the program "sysctl" cannot be run, install the ` +
    `package "procps" (Debian, Ubuntu) or "procps-ng"`;
  return new Error(message, { cause });
}
