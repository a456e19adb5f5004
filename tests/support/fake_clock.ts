import { setImmediate } from "node:timers";
import type { Clock } from "../../model/clock.ts";

/** One `sleep()` that has not ended. */
interface Sleeper {
  readonly due: number;
  readonly wake: () => void;
}

/**
 * A clock that stands still until a test moves it.
 *
 * `await clock.advance(ms)` wakes the sleeps that fall due on the way in their order, each at its own instant, and
 * lets everything that they set in motion settle before the next one, so that sleeps begun by a woken task count too.
 */
export class FakeClock implements Clock {
  #wall: number;
  #elapsed = 0;
  readonly #sleepers: Sleeper[] = [];

  /** `start` is what {@linkcode now} says first: milliseconds since the epoch. */
  constructor(start: number = Date.UTC(2026, 0, 2, 3, 4, 5)) {
    this.#wall = start;
  }

  /** How many sleeps have not ended. */
  get sleepers(): number {
    return this.#sleepers.length;
  }

  /** Milliseconds until the next sleep ends, or undefined when nobody sleeps. */
  get untilNextWake(): number | undefined {
    const next = this.#sleepers[0];
    return next === undefined ? undefined : next.due - this.#elapsed;
  }

  now(): number {
    return this.#wall;
  }

  monotonic(): number {
    return this.#elapsed;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted || milliseconds <= 0) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = () => {
        this.#sleepers.splice(this.#sleepers.indexOf(sleeper), 1);
        signal?.removeEventListener("abort", wake);
        resolve();
      };
      const sleeper = { due: this.#elapsed + milliseconds, wake };
      this.#insert(sleeper);
      signal?.addEventListener("abort", wake, { once: true });
    });
  }

  /** Moves time on by `milliseconds`; 0 only lets pending promises settle. */
  async advance(milliseconds: number): Promise<void> {
    const end = this.#elapsed + milliseconds;
    await this.settle();
    for (let next = this.#sleepers[0]; next && next.due <= end; next = this.#sleepers[0]) {
      this.#moveTo(next.due);
      next.wake();
      await this.settle();
    }
    this.#moveTo(end);
  }

  /** Sets the wall clock forwards or back without any time passing, as an administrator would. */
  jump(milliseconds: number): void {
    this.#wall += milliseconds;
  }

  /** Lets promises that are ready run to where they wait for something real. No time passes. */
  async settle(): Promise<void> {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }

  #moveTo(elapsed: number): void {
    this.#wall += elapsed - this.#elapsed;
    this.#elapsed = elapsed;
  }

  /** Keeps the sleepers sorted by due time; equal ones keep the order in which they fell asleep. */
  #insert(sleeper: Sleeper): void {
    const at = this.#sleepers.findIndex((other) => other.due > sleeper.due);
    this.#sleepers.splice(at === -1 ? this.#sleepers.length : at, 0, sleeper);
  }
}
