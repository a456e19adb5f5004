import type { Clock } from "../model/clock.ts";

const HOUR = 3_600_000;
const FIRST_RETRY = 1_000;

/** Why a run began: somebody asked for it, the run before it failed, or nothing had happened for the longest time. */
export type RunReason = "requested" | "retry" | "tick";

/** How often to run what. Times are milliseconds. */
export interface SyncRunnerOptions {
  /** Does one sync; rejects when it failed. Must end by itself: its own time limits are what keeps the loop going. */
  readonly run: (reason: RunReason, signal: AbortSignal) => Promise<void>;
  /** Told of every failed run and of when the next one comes, unless a request brings it forward. */
  readonly onFailure: (error: unknown, retryInMs: number) => void;
  /** The pause between the end of a run and the next one (`minSyncPeriod`). 0 means none; more than `maxMs` means `maxMs`. */
  readonly minMs: number;
  /** How long to wait after that many failures in a row, see {@linkcode retryDelay}. */
  readonly retryMs: (failures: number) => number;
  /** How long to go without a run at the most. @default {3600000} */
  readonly maxMs?: number;
  readonly clock: Clock;
}

/**
 * Decides when to sync: at once when asked, at most once per pause, again after a failure, and hourly in any case.
 *
 * These are the rules of kube-proxy's BoundedFrequencyRunner (`pkg/proxy/runner` since 1.34): requests that come
 * while one is waiting merge with it, the pause is measured from the end of a run, and every run replaces a pending
 * retry. They differ in two points: a failed run is retried with growing delays, and a pause that is longer than
 * `maxMs` is shortened instead of being fatal.
 */
export class SyncRunner {
  readonly #options: SyncRunnerOptions;
  readonly #minMs: number;
  readonly #maxMs: number;
  #requested = false;
  #isUrgent = false;
  #failures = 0;
  #wake: (() => void) | undefined;
  #pause = new AbortController();

  constructor(options: SyncRunnerOptions) {
    this.#options = options;
    this.#maxMs = options.maxMs ?? HOUR;
    this.#minMs = Math.min(options.minMs, this.#maxMs);
  }

  /** Asks for a run. Never waits, and may be called at any time, also before {@linkcode loop}. */
  request(): void {
    this.#requested = true;
    this.#wake?.();
  }

  /** Asks for a run that does not wait for the end of the pause. */
  hurry(): void {
    this.#isUrgent = true;
    this.#pause.abort();
    this.request();
  }

  /** Runs until `signal` aborts; a run that is under way then is waited for. Call it once. */
  async loop(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const stop = () => {
      this.#pause.abort();
      this.#wake?.();
    };
    signal.addEventListener("abort", stop, { once: true });
    let next = clock.monotonic() + this.#maxMs;
    while (!signal.aborted) {
      await this.#requestOr(next);
      if (signal.aborted) return;
      next = await this.#once(signal) + clock.monotonic();
      if (this.#minMs > 0 && !this.#isUrgent && !signal.aborted) await this.#rest();
    }
  }

  async #rest(): Promise<void> {
    this.#pause = new AbortController();
    await this.#options.clock.sleep(this.#minMs, this.#pause.signal);
  }

  /** Waits for a request, the time `due` of the monotonic clock, or the end. A request that is there waits for nothing. */
  async #requestOr(due: number): Promise<void> {
    if (this.#requested) return;
    const { clock } = this.#options;
    const timer = new AbortController();
    const woken = new Promise<void>((resolve) => this.#wake = resolve);
    await Promise.race([woken, clock.sleep(due - clock.monotonic(), timer.signal)]);
    timer.abort();
    this.#wake = undefined;
  }

  /** Does one run, and returns how long to wait for the next one if nobody asks for it. */
  async #once(signal: AbortSignal): Promise<number> {
    const reason = this.#requested ? "requested" : this.#failures > 0 ? "retry" : "tick";
    this.#requested = false;
    this.#isUrgent = false;
    try {
      await this.#options.run(reason, signal);
      this.#failures = 0;
      return this.#maxMs;
    } catch (error) {
      const retry = Math.min(this.#options.retryMs(++this.#failures), this.#maxMs);
      this.#options.onFailure(error, Math.max(retry, this.#minMs));
      return retry;
    }
  }
}

/**
 * Returns the retry rule of weir: 1 s after the first failure, twice as long after each further one, up to `syncPeriodMs`.
 *
 * kube-proxy waits for `syncPeriod` (30 s by default) every time, which leaves a node whose first sync failed without
 * any rules for that long. This never waits longer than that.
 */
export function retryDelay(syncPeriodMs: number): (failures: number) => number {
  return (failures) => Math.min(FIRST_RETRY * 2 ** (failures - 1), syncPeriodMs);
}
