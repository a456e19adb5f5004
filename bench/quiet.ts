import { systemClock } from "../model/clock.ts";

/** Milliseconds over which is looked how much of the machine is idle. */
const LOOK_MS = 500;

/** The share of all cores that has to be idle. */
const IDLE = 0.85;

/**
 * Waits until the machine has nothing else to do, for `limitMs` at the most.
 *
 * An API server that was just filled is busy for a while, and so may be other people on the machine.
 */
export async function untilQuiet(limitMs: number): Promise<void> {
  const end = performance.now() + limitMs;
  while (performance.now() < end) {
    const before = await coreTimes();
    await systemClock.sleep(LOOK_MS);
    const after = await coreTimes();
    if (after.idle - before.idle >= IDLE * (after.total - before.total)) return;
  }
}

/** Reads how long all cores together have been idle, and at all, in clock ticks (`/proc/stat`, proc(5)). */
async function coreTimes(): Promise<{ readonly idle: number; readonly total: number }> {
  const [line = ""] = (await Deno.readTextFile("/proc/stat")).split("\n", 1);
  const times = line.split(/\s+/).slice(1).map(Number);
  const [, , , idle = 0, waiting = 0] = times;
  return { idle: idle + waiting, total: times.reduce((sum, time) => sum + time, 0) };
}
