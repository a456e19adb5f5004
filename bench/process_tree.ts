/**
 * What a process and its descendants use, read from /proc (proc(5)).
 *
 * Deno lets only a program with all permissions read there.
 */

/** Clock ticks a second, as all Linux systems report them to programs (`USER_HZ`). */
const TICKS = 100;

/** Milliseconds between two looks at the memory. */
const SAMPLE_MS = 20;

/** Returns the CPU seconds of a process and everything that it started, ended or not. */
export function cpuSeconds(pid: number): number {
  const [, ...descendants] = tree(pid);
  const own = stat(pid, ["utime", "stime", "cutime", "cstime"]);
  return descendants.reduce(
    (sum, one) => sum + stat(one, ["utime", "stime", "cutime", "cstime"]),
    own,
  ) / TICKS;
}

/** Returns the resident bytes of one process; 0 when it is gone. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

/** Follows the memory of a process tree. */
export class MemoryWatch implements Disposable {
  /** The most bytes that were resident at one time in the whole tree. */
  peak = 0;
  readonly #timer: ReturnType<typeof setInterval>;

  constructor(pid: number) {
    const look = () => {
      this.peak = Math.max(this.peak, tree(pid).reduce((sum, one) => sum + residentBytes(one), 0));
    };
    this.#timer = setInterval(look, SAMPLE_MS);
    look();
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}

/** Returns a process and its descendants. */
function tree(pid: number): number[] {
  return [pid, ...childrenOf(pid).flatMap(tree)];
}

/** Children belong to the thread that made them. */
function childrenOf(pid: number): number[] {
  try {
    const threads = [...Deno.readDirSync(`/proc/${pid}/task`)];
    return threads.flatMap(({ name }) =>
      read(`/proc/${pid}/task/${name}/children`).split(" ").filter(Boolean).map(Number)
    );
  } catch {
    return []; // it is gone
  }
}

/** The fields of /proc/PID/stat that follow the program's name, from the third one on. */
const STAT_FIELDS = { utime: 11, stime: 12, cutime: 13, cstime: 14 } as const;

function stat(pid: number, names: readonly (keyof typeof STAT_FIELDS)[]): number {
  const text = read(`/proc/${pid}/stat`);
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return names.reduce((sum, name) => sum + Number(fields[STAT_FIELDS[name]] ?? 0), 0);
}

function read(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch {
    return ""; // it is gone
  }
}
