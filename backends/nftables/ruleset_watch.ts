import type { Clock } from "../../model/clock.ts";
import type { Family } from "../../model/family.ts";
import { type StreamProcess, streamProcess } from "../stream_process.ts";
import type { NftError } from "./nft_error.ts";
import { type BegunTransaction, OwnTransactions } from "./own_transactions.ts";
import type { Committer, RulesetNews } from "./ruleset_events.ts";
import { listen, presentTables } from "./ruleset_listener.ts";

/**
 * Characters of a transaction of weir's own, some 2,000 elements, from which on it is not listened to.
 *
 * nft prints 40,000 elements a second. While it lags behind, the kernel holds up to 16 MB for it and takes up to twice as
 * long for a transaction of 120,000 elements, and then it loses the rest.
 */
const LARGE = 100_000;

/** Milliseconds to wait after a listening process that failed: twice as long after each further one. */
const FIRST_WAIT_MS = 1_000;
const MOST_WAIT_MS = 60_000;

/**
 * Milliseconds after which the tables are looked for once more when a listener has begun, and as many until what it tells
 * of them has arrived. Between its listing and the moment from which on it hears a table may go: on a busy machine that
 * is some milliseconds.
 */
const LOOK_AGAIN_MS = 200;

/** Something that was done to weir's table by something else. */
export interface ForeignChange {
  readonly family: Family;
  /** For people, e.g. `14 x delete chain, delete table`. */
  readonly what: string;
  /** Absent when nobody listened at that moment. */
  readonly by: Committer | undefined;
}

/** Who wants to know what happens to weir's tables. */
export interface RulesetHearer {
  /** From now on changes are heard. */
  listening(): void;
  changed(change: ForeignChange): void;
  /** Changes may have gone unheard: for a while nobody listened, or there were too many. */
  missed(): void;
  /** Nobody listens for `retryInMs`. */
  deaf(error: NftError, retryInMs: number): void;
}

/** A transaction of weir's own that is to be told from those of others. */
export interface OwnTransaction extends BegunTransaction {
  /** It is at least `characters` longer than known before. */
  grows(characters: number): void;
}

/** What a watch works with. */
export interface RulesetWatchOptions {
  readonly clock: Clock;
  readonly stream?: StreamProcess;
}

/**
 * Hears of every transaction by which something else touches weir's tables, down to a single element.
 *
 * One `nft monitor` serves both families: 5 MB whatever is in the tables, no CPU while nothing happens, 0.07 ms for a
 * small transaction. It is stopped during large ones of weir's own; when it begins anew, all that it can tell of the
 * meantime is whether the tables are still there. What packets put into dynamic maps, and what times out there, the
 * kernel tells nobody.
 */
export class RulesetWatch {
  readonly #clock: Clock;
  readonly #stream: StreamProcess;
  readonly #own: OwnTransactions;
  readonly #followed = new Set<Family>();
  /** Large transactions that are under way. */
  #large = 0;
  #listening: AbortController | undefined;
  #looking: Promise<void> | undefined;
  /** Families of which the present listener has told something: nothing goes unheard from then on. */
  readonly #heard = new Set<Family>();
  #isDeaf = false;
  #failures = 0;
  #wake: (() => void) | undefined;

  constructor({ clock, stream = streamProcess }: RulesetWatchOptions) {
    this.#clock = clock;
    this.#stream = stream;
    this.#own = new OwnTransactions(clock);
  }

  /** The table of `family` is there: from now on it is weir's alone. May be called again. */
  follow(family: Family): void {
    if (this.#followed.has(family)) return;
    this.#followed.add(family);
    // A listener knows the sets of those tables only that were there when it began.
    this.#listening?.abort();
    this.#wake?.();
  }

  /** A transaction of weir's own begins. */
  begin(family: Family): OwnTransaction {
    const { done, refused } = this.#own.begin(family);
    let length = 0;
    const end = () => {
      if (length > LARGE && --this.#large === 0) this.#wake?.();
    };
    return {
      grows: (characters) => {
        const isLarge = length > LARGE;
        length += characters;
        if (isLarge || length <= LARGE) return;
        this.#large++;
        this.#listening?.abort();
      },
      done() {
        done();
        end();
      },
      refused() {
        refused();
        end();
      },
    };
  }

  /** Listens until `signal` aborts. Never rejects: a listener that ends is replaced, with growing pauses. */
  async run(hearer: RulesetHearer, signal: AbortSignal): Promise<void> {
    const stop = () => {
      this.#listening?.abort();
      this.#wake?.();
    };
    signal.addEventListener("abort", stop, { once: true });
    while (!signal.aborted) {
      if (this.#followed.size === 0 || this.#large > 0) {
        await new Promise<void>((resolve) => this.#wake = resolve);
        continue;
      }
      const failure = await this.#listen(hearer);
      if (failure !== undefined && !signal.aborted) await this.#recover(failure, hearer, signal);
    }
  }

  /** Listens until it is told to stop, or until it cannot go on: then it returns why. */
  async #listen(hearer: RulesetHearer): Promise<NftError | undefined> {
    const listening = this.#listening = new AbortController();
    const started = this.#clock.monotonic();
    this.#own.forgetEnded();
    const failure = await listen({
      stream: this.#stream,
      clock: this.#clock,
      take: (news) => this.#hear(news, hearer),
    }, listening.signal);
    listening.abort();
    await this.#looking;
    if (this.#clock.monotonic() - started > MOST_WAIT_MS) this.#failures = 0;
    return failure;
  }

  async #recover(failure: NftError, hearer: RulesetHearer, signal: AbortSignal): Promise<void> {
    const wait = Math.min(FIRST_WAIT_MS * 2 ** this.#failures++, MOST_WAIT_MS);
    this.#isDeaf = true;
    hearer.deaf(failure, wait);
    await this.#clock.sleep(wait, signal);
  }

  #hear(news: RulesetNews, hearer: RulesetHearer): void {
    switch (news.kind) {
      case "listening":
        this.#begun(news.present, hearer);
        this.#looking = this.#lookAgain(hearer);
        return;
      case "lost":
        return hearer.missed();
      case "committed":
        for (const [family, what] of news.what) {
          this.#heard.add(family);
          const tell = () => hearer.changed({ family, what, by: news.by });
          if (this.#followed.has(family) && !this.#own.explain(family, tell)) tell();
        }
    }
  }

  #begun(present: ReadonlySet<Family>, hearer: RulesetHearer): void {
    this.#own.forgetEnded();
    this.#heard.clear();
    hearer.listening();
    this.#compare(present, hearer);
    if (this.#isDeaf) hearer.missed();
    this.#isDeaf = false;
  }

  async #lookAgain(hearer: RulesetHearer): Promise<void> {
    const signal = this.#listening?.signal;
    await this.#clock.sleep(LOOK_AGAIN_MS, signal);
    if (signal?.aborted) return;
    const present = await presentTables(this.#stream, signal);
    await this.#clock.sleep(LOOK_AGAIN_MS, signal);
    if (present === undefined || signal?.aborted) return;
    this.#compare(present.union(this.#heard), hearer);
  }

  /** Tells of the tables that should be there and are not. */
  #compare(present: ReadonlySet<Family>, hearer: RulesetHearer): void {
    for (const family of this.#followed.difference(present)) {
      if (this.#own.isBusy(family)) continue; // it is being made
      hearer.changed({ family, what: "delete table", by: undefined });
    }
  }
}
