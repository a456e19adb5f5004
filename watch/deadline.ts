import type { Clock } from "../model/clock.ts";

/** A peer did not make itself heard in time. */
export class SilenceError extends Error {
  override readonly name = "SilenceError";

  /** `limitMs` is the silence that was too long. */
  constructor(limitMs: number) {
    super(`Cannot hear the API server: it was silent for ${limitMs / 1000} s`);
  }
}

/** Waits for `promise`, but rejects with the reason of `signal` as soon as that aborts. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  if (signal.aborted) abort();
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}

/**
 * A signal that aborts when its parent does, when nothing was heard for too long, or when its scope ends (`using`),
 * so that nothing which was begun under it outlives it.
 */
export class Deadline implements Disposable {
  /** Hand this to what is to end. */
  readonly signal: AbortSignal;
  readonly #own = new AbortController();
  readonly #clock: Clock;
  #limitMs = Infinity;
  #last = 0;

  /** Waits for ever until {@linkcode Deadline.allow} says how long. */
  constructor(clock: Clock, parent: AbortSignal) {
    this.#clock = clock;
    this.signal = AbortSignal.any([parent, this.#own.signal]);
  }

  /** The `SilenceError` that ended it, if one did. */
  get silence(): SilenceError | undefined {
    const { reason } = this.#own.signal;
    return reason instanceof SilenceError ? reason : undefined;
  }

  /** The peer was heard: its time starts anew. */
  heard(): void {
    this.#last = this.#clock.monotonic();
  }

  /** From now on, `limitMs` of silence end it. A limit that is shorter than before holds only from the next silence. */
  allow(limitMs: number): void {
    const unguarded = this.#limitMs === Infinity;
    this.#limitMs = limitMs;
    this.heard();
    if (unguarded) this.#guard();
  }

  [Symbol.dispose](): void {
    this.#own.abort();
  }

  /** One sleep for each stretch of silence, rather than a timer that is set again for each chunk. */
  async #guard(): Promise<void> {
    while (!this.signal.aborted) {
      const left = this.#last + this.#limitMs - this.#clock.monotonic();
      if (left <= 0) return this.#own.abort(new SilenceError(this.#limitMs));
      await this.#clock.sleep(left, this.signal);
    }
  }
}
