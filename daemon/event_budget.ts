import type { Clock } from "../model/clock.ts";

/** Events that an object may have at once. */
const BURST = 25;

/** Milliseconds until it may have one more. */
const REFILL_MS = 300_000;

/** Objects that are kept in mind; the one that was quiet for the longest time is forgotten first. */
const MOST_OBJECTS = 4_096;

interface Bucket {
  readonly tokens: number;
  readonly at: number;
}

/**
 * Limits how many Events are written about one object: 25 at once, then one every five minutes, as client-go's
 * `EventSourceObjectSpamFilter` does.
 */
export class EventBudget {
  readonly #clock: Clock;
  readonly #buckets = new Map<string, Bucket>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Tells whether one more may be written about `object`, and counts it if so. */
  take(object: string): boolean {
    const now = this.#clock.monotonic();
    const bucket = this.#buckets.get(object);
    const refilled = bucket === undefined ? BURST : bucket.tokens + (now - bucket.at) / REFILL_MS;
    const tokens = Math.min(BURST, refilled);
    const allowed = tokens >= 1;
    this.#buckets.delete(object);
    this.#buckets.set(object, { tokens: allowed ? tokens - 1 : tokens, at: now });
    for (const [oldest] of this.#buckets) {
      if (this.#buckets.size <= MOST_OBJECTS) break;
      this.#buckets.delete(oldest);
    }
    return allowed;
  }
}
