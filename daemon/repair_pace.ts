/** Milliseconds without a foreign change after which the next one is repaired at once again. */
const PEACE_MS = 60_000;

/** Repairs that do not wait: a firewall that is loaded anew may flush everything more than once. */
const FREE = 3;

const FIRST_WAIT_MS = 1_000;
const MOST_WAIT_MS = 60_000;

/**
 * Says how long a repair has to wait, so that a fight with another program does not melt the node: the first three not at
 * all, the next ones 1 s, 2 s, 4 s … up to a minute, until there has been peace for a minute. Times are milliseconds of
 * the monotonic clock.
 */
export class RepairPace {
  #lastChange = -Infinity;
  #repairs = 0;

  /** Something was changed `now`. */
  changed(now: number): void {
    if (now - this.#lastChange >= PEACE_MS) this.#repairs = 0;
    this.#lastChange = now;
  }

  /** Counts one more repair of what was changed, and returns how long it has to wait. */
  next(): number {
    const waited = this.#repairs++ - FREE;
    return waited < 0 ? 0 : Math.min(FIRST_WAIT_MS * 2 ** waited, MOST_WAIT_MS);
  }
}
