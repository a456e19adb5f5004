import type { Clock } from "../../model/clock.ts";
import type { Family } from "../../model/family.ts";

/**
 * Milliseconds for which a transaction that has ended may still be told of. The listener is milliseconds behind, seconds
 * when somebody else has just loaded 100,000 elements.
 */
const LATE_MS = 5_000;

/** A transaction of weir's own. */
interface Entry {
  /** When it ended; undefined while it is under way. */
  endedAt: number | undefined;
  /** What to do when it turns out that it was not this one that was told of. */
  mistaken: (() => void) | undefined;
}

/** A transaction that has begun. Exactly one of the methods is to be called, once. */
export interface BegunTransaction {
  /** It was committed, or nobody knows. */
  done(): void;
  /** Nothing of it took effect. */
  refused(): void;
}

/**
 * Tells weir's own transactions from those of others by counting: each is told of exactly once.
 *
 * The numbers of processes do not help, because in a container they are not those that the kernel gives. While one of
 * weir's is under way, another one may be taken for it, but then there is one too many soon: nothing goes unnoticed.
 */
export class OwnTransactions {
  readonly #clock: Clock;
  /** Those that were not told of yet, in their order. */
  readonly #untold = new Map<Family, Entry[]>();
  readonly #busy = new Map<Family, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** A transaction that touches the table of `family` begins. */
  begin(family: Family): BegunTransaction {
    const entry: Entry = { endedAt: undefined, mistaken: undefined };
    this.#untoldOf(family).push(entry);
    this.#countBusy(family, 1);
    return {
      done: () => {
        entry.endedAt = this.#clock.monotonic();
        this.#countBusy(family, -1);
      },
      refused: () => {
        const rest = this.#untoldOf(family).filter((other) => other !== entry);
        this.#untold.set(family, rest);
        this.#countBusy(family, -1);
        entry.mistaken?.();
      },
    };
  }

  /** Tells whether a transaction is under way. */
  isBusy(family: Family): boolean {
    return (this.#busy.get(family) ?? 0) > 0;
  }

  /**
   * Tells whether a transaction that touched the table of `family` may be one of weir's own. When that turns out to be
   * wrong, `mistaken` is called.
   */
  explain(family: Family, mistaken: () => void): boolean {
    const entry = this.#untoldOf(family).shift();
    if (entry === undefined) return false;
    entry.mistaken = mistaken;
    return true;
  }

  /** What has ended will not be told of: nobody listened. */
  forgetEnded(): void {
    for (const [family, entries] of this.#untold) {
      this.#untold.set(family, entries.filter(({ endedAt }) => endedAt === undefined));
    }
  }

  /** Returns those that may still be told of. */
  #untoldOf(family: Family): Entry[] {
    const oldest = this.#clock.monotonic() - LATE_MS;
    const entries = this.#untold.get(family) ?? [];
    const untold = entries.filter(({ endedAt = Infinity }) => endedAt >= oldest);
    this.#untold.set(family, untold);
    return untold;
  }

  #countBusy(family: Family, step: number): void {
    this.#busy.set(family, (this.#busy.get(family) ?? 0) + step);
  }
}
