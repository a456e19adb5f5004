import { systemClock } from "../../model/clock.ts";
import { type Namespace, type Outcome, tally } from "./lab.ts";

interface Batch {
  readonly begun: number;
  readonly ended: number;
  readonly outcomes: readonly Outcome[];
}

/** Milliseconds after which a machine counts as too slow for a demo. */
const PATIENCE_MS = 10_000;

/** New connections without a pause, remembered with their times. */
export class Traffic {
  readonly #batches: Batch[] = [];
  readonly #running: Promise<void>;
  #stopped = false;

  /** Starts to connect from `asker` to a Service. */
  constructor(asker: Namespace, address: string, port: number) {
    this.#running = this.#run(asker, address, port);
    // Whoever stops the traffic hears of it.
    this.#running.catch(() => {});
  }

  /** Ends it and returns when the last connection has its outcome. Rejects when connecting was impossible. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  /**
   * Resolves when `milliseconds` have passed and `count` connections that were begun from now on have ended. Rejects when
   * connecting was impossible, and when it takes too long.
   */
  async flow(milliseconds: number, count: number): Promise<void> {
    const from = performance.now();
    await Promise.race([systemClock.sleep(milliseconds), this.#running]);
    while (this.between(from, Infinity).values().reduce((sum, n) => sum + n, 0) < count) {
      if (performance.now() - from > PATIENCE_MS) {
        throw new Error(`Too few connections: fewer than ${count} in ${PATIENCE_MS} ms`);
      }
      await Promise.race([systemClock.sleep(20), this.#running]);
    }
  }

  /** Counts all connections by who answered, or by their result when nobody did. */
  all(): Map<string, number> {
    return this.between(-Infinity, Infinity);
  }

  /** Counts the connections that were begun and ended in a span of time (`performance.now()`). */
  between(from: number, to: number): Map<string, number> {
    const chosen = this.#batches.filter(({ begun, ended }) => from <= begun && ended <= to);
    return tally(chosen.flatMap(({ outcomes }) => outcomes));
  }

  async #run(asker: Namespace, address: string, port: number): Promise<void> {
    while (!this.#stopped) {
      const begun = performance.now();
      const outcomes = await asker.connectMany(address, port, 10, { timeoutMs: 2000 });
      this.#batches.push({ begun, ended: performance.now(), outcomes });
    }
  }
}
