import type { Logger } from "@logtape/logtape";
import type {
  ForeignChange,
  RulesetHearer,
  RulesetWatch,
} from "../backends/nftables/ruleset_watch.ts";
import type { Clock } from "../model/clock.ts";
import type { Family } from "../model/family.ts";
import { contestedNotice, tamperedNotice } from "./event_notices.ts";
import type { EventRecorder } from "./events.ts";
import { type Metrics, ofFamily } from "./metrics.ts";
import { RepairPace } from "./repair_pace.ts";
import type { SyncFacts, SyncObserver } from "./sync_observer.ts";

/** What a guard works with. */
export interface GuardOptions {
  readonly watch: Pick<RulesetWatch, "follow" | "run">;
  readonly metrics: Pick<Metrics, "rulesetRepairs">;
  readonly recorder: Pick<EventRecorder, "record">;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The sync loop of a family, as far as its guard has a say. */
export interface GuardedLoop {
  /** There is something to do, though not yet: health counts from now on. */
  readonly queued: () => void;
  /** Asks for a sync that writes everything, without a pause before it. */
  readonly repair: () => void;
}

/**
 * Has a family's rules written anew when something else has changed them: at once, and with growing pauses when that
 * happens again and again.
 *
 * Every repair is logged, counted and told of with an Event on the Node. Until it is done, the family counts as one with
 * a change that is not in the kernel.
 */
export class Guard implements RulesetHearer {
  readonly #options: GuardOptions;
  readonly #families = new Map<Family, FamilyGuard>();
  readonly #synced = new Set<Family>();
  /** Families of which the first sync has not ended. */
  readonly #waiting = new Set<Family>();
  #isDeaf = false;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  /** Takes charge of a family's rules. The observer has to be told of its syncs: the first good one is the beginning. */
  observer(family: Family, loop: GuardedLoop): SyncObserver {
    const guard = new FamilyGuard(family, loop, this.#options);
    this.#families.set(family, guard);
    this.#waiting.add(family);
    return {
      derived: () => {},
      synced: (sync) => {
        this.#synced.add(family);
        this.#ended(family);
        guard.synced(sync);
      },
      failed: () => this.#ended(family),
      untidy: () => {},
    };
  }

  /** A listener lists all tables when it begins: it would slow down those of other families that are on their way. */
  #ended(family: Family): void {
    this.#waiting.delete(family);
    if (this.#waiting.size > 0) return;
    for (const synced of this.#synced) this.#options.watch.follow(synced);
  }

  /** Guards until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#options.watch.run(this, signal);
    for (const family of this.#families.values()) family.stop();
  }

  listening(): void {
    this.#options.log.debug("Listening for changes of weir's rules by others");
  }

  changed(change: ForeignChange): void {
    this.#families.get(change.family)?.changed(change);
  }

  missed(): void {
    const { log } = this.#options;
    const why = this.#isDeaf ? "nobody listened for a while" : "there were too many";
    this.#isDeaf = false;
    log.info("Changes of nftables by others may have been missed: everything is written anew", {
      why,
    });
    for (const family of this.#families.values()) family.changed(undefined);
  }

  deaf(error: Error, retryInMs: number): void {
    const level = this.#isDeaf ? "debug" : "warn";
    this.#isDeaf = true;
    this.#options.log[level](
      "Cannot hear of changes of weir's rules by others: they last until the next full sync",
      { error, retryInMs },
    );
  }
}

/** A repair that is to be done. */
interface Repair {
  /** A sync that began before this monotonic time does not do it. */
  readonly since: number;
  /** What has to be repaired; undefined when that is not known, and perhaps nothing. */
  readonly change: ForeignChange | undefined;
  /** Ends the pause before it; undefined when it was asked for. */
  readonly pause: AbortController | undefined;
}

class FamilyGuard {
  readonly #family: Family;
  readonly #loop: GuardedLoop;
  readonly #options: GuardOptions;
  readonly #pace = new RepairPace();
  #repair: Repair | undefined;

  constructor(family: Family, loop: GuardedLoop, options: GuardOptions) {
    this.#family = family;
    this.#loop = loop;
    this.#options = options;
  }

  changed(news: ForeignChange | undefined): void {
    const since = this.#options.clock.monotonic();
    this.#pace.changed(since);
    const change = news ?? this.#repair?.change;
    if (this.#repair === undefined) this.#begin({ since, change });
    else this.#repair = { ...this.#repair, since, change };
  }

  synced({ mode, totalMs }: SyncFacts): void {
    const repair = this.#repair;
    if (repair === undefined) return;
    const { clock, log, metrics } = this.#options;
    const now = clock.monotonic();
    if (mode !== "full" || now - totalMs < repair.since) {
      if (mode === "full" && repair.pause === undefined) this.#begin(repair);
      else this.#loop.queued();
      return;
    }
    this.stop();
    if (repair.change === undefined) return;
    metrics.rulesetRepairs.inc(ofFamily(this.#family));
    const tookMs = Math.round(now - repair.since);
    log.info("Repaired the rules", { family: this.#family, tookMs });
  }

  /** Nothing is to be repaired any more. */
  stop(): void {
    const pause = this.#repair?.pause;
    this.#repair = undefined;
    pause?.abort();
  }

  /** Asks for a repair, or begins to wait for the time to do so. */
  #begin({ since, change }: Omit<Repair, "pause">): void {
    this.#loop.queued();
    const wait = this.#pace.next();
    if (change !== undefined) this.#tell(change, wait);
    const pause = wait > 0 ? new AbortController() : undefined;
    this.#repair = { since, change, pause };
    if (pause === undefined) this.#loop.repair();
    else void this.#endAfter(wait, pause.signal);
  }

  async #endAfter(wait: number, signal: AbortSignal): Promise<void> {
    await this.#options.clock.sleep(wait, signal);
    if (signal.aborted || this.#repair === undefined) return;
    this.#repair = { ...this.#repair, pause: undefined };
    this.#loop.repair();
  }

  #tell({ what, by }: ForeignChange, repairInMs: number): void {
    const { log, nodeName, recorder } = this.#options;
    const family = this.#family;
    const who = by === undefined ? {} : { process: by.name, pid: by.pid };
    log.warn("Something else changed weir's rules", { family, what, ...who, repairInMs });
    const notice = repairInMs === 0 ? tamperedNotice : contestedNotice;
    recorder.record(notice(nodeName, family, by?.name));
  }
}
