import type { Backend } from "../backends/backend.ts";
import { advance, type Transition } from "../model/advance.ts";
import type { Clock } from "../model/clock.ts";
import { type DesiredState, emptyState } from "../model/desired_state.ts";
import type { Family } from "../model/family.ts";
import type { ObjectKey } from "../model/objects.ts";
import type { Settings } from "../model/settings.ts";
import type { Snapshot } from "../model/snapshot.ts";
import type { Store, StoreChange } from "../watch/store.ts";
import type { SyncObserver } from "./sync_observer.ts";

/** Milliseconds after which everything is written anew, whatever happened in between. */
const FULL_SYNC_MS = 3_600_000;

/** Milliseconds after which what could not be tidied up is tried again. */
const TIDY_AGAIN_MS = 30_000;

/** Portions that may be on their way into the kernel while the next one is derived. */
const LOADS = 2;

/** What a {@linkcode Proxier} works with. */
export interface ProxierOptions {
  readonly backend: Backend;
  readonly store: Store;
  /** Returns the settings of the moment; called once a sync. */
  readonly settings: (snapshot: Snapshot) => Settings;
  readonly clock: Clock;
  readonly observer: SyncObserver;
  /** Called when there is something to sync. */
  readonly request: () => void;
}

/**
 * Keeps the ruleset of one family equal to the newest snapshot.
 *
 * It collects which Services changed, and each {@linkcode sync} takes in all of them at once. Nothing is lost when a
 * sync fails: the desired state goes on, and the next sync writes all of it.
 */
export class Proxier {
  readonly family: Family;
  readonly #options: ProxierOptions;
  readonly #changed = new Set<ObjectKey>();
  #triggers: string[] = [];
  #state: DesiredState | undefined;
  /** When everything was written last, on the monotonic clock; undefined: never. */
  #fullSyncAt: number | undefined;
  #failed = false;
  #isDistrusted = false;
  #tidiesLater = false;
  /** Portions that are on their way, the oldest first. */
  readonly #loads: Promise<boolean>[] = [];
  /** Changed Services of which object and slices are there, before the first sync; undefined after it. */
  #ripe: Set<ObjectKey> | undefined = new Set();

  constructor(options: ProxierOptions) {
    this.family = options.backend.family;
    this.#options = options;
  }

  /** Starts to follow the store. Returns a function that ends it. */
  follow(): () => void {
    return this.#options.store.subscribe((change) => this.#note(change));
  }

  /** The state that the last sync wanted in force; undefined before the first one. */
  get state(): DesiredState | undefined {
    return this.#state;
  }

  /** How many Services could be loaded ahead of the first sync. */
  get ripe(): number {
    return this.#ripe?.size ?? 0;
  }

  /**
   * Loads up to `count` Services ahead of the first sync.
   *
   * Resolves when no more than two portions are still to be loaded: what is next is derived and written in the meantime.
   * Returns false when the backend has no use for it. Rejects when a portion could not be loaded.
   */
  async loadAhead(count: number, signal?: AbortSignal): Promise<boolean> {
    const { backend, observer } = this.#options;
    if (backend.loadAhead === undefined || this.#ripe === undefined) return false;
    const services = new Set(Iterator.from(this.#ripe).take(count));
    for (const key of services) this.#ripe.delete(key);
    const transition = this.#advance(services);
    observer.derived(transition);
    const load = backend.loadAhead(transition, signal);
    load.catch(() => {}); // whoever comes next is told
    this.#loads.push(load);
    return this.#loads.length > LOADS ? await this.#loads.shift()! : true;
  }

  /** Resolves when all that was to be loaded ahead is. Rejects when a portion could not be loaded. */
  async loadedAhead(): Promise<void> {
    await Promise.all(this.#loads);
  }

  /** The kernel may hold something else than what was committed: the next sync that begins writes everything. */
  distrust(): void {
    this.#isDistrusted = true;
  }

  /** Applies everything that changed since the last sync. Rejects when it could not. */
  async sync(signal?: AbortSignal): Promise<void> {
    const { backend, clock, observer } = this.#options;
    const started = clock.monotonic();
    const full = this.#isFull(started);
    this.#isDistrusted = false;
    this.#ripe = undefined;
    const transition = this.#advance(this.#state === undefined ? "all" : new Set(this.#changed));
    const deriveMs = clock.monotonic() - started;
    const about = { family: this.family, services: transition.services.size };
    observer.derived(transition);
    try {
      const report = await backend.apply(transition, { full, ...(signal ? { signal } : {}) });
      this.#failed = false;
      if (report.mode === "full") this.#fullSyncAt = started;
      const triggers = this.#triggers.splice(0);
      const totalMs = clock.monotonic() - started;
      observer.synced({ ...about, ...report, deriveMs, totalMs, triggers });
    } catch (error) {
      this.#failed = true;
      const totalMs = clock.monotonic() - started;
      observer.failed({ ...about, mode: full ? "full" : "partial", error, totalMs });
      throw error;
    }
    await this.#tidy(signal);
  }

  #note({ kind, services, object, addressType = this.family }: StoreChange): void {
    if (addressType !== this.family) return;
    for (const key of services) this.#changed.add(key);
    if (this.#ripe !== undefined) this.#ripen(this.#ripe, services);
    if (object?.kind === "EndpointSlice" && object.addressType === this.family) {
      if (object.triggerTime !== "") this.#triggers.push(object.triggerTime);
    }
    if (services.size > 0 || kind === "Node" || kind === "ServiceCIDR") this.#options.request();
  }

  #ripen(ripe: Set<ObjectKey>, services: Iterable<ObjectKey>): void {
    const { snapshot } = this.#options.store;
    for (const key of services) {
      if (snapshot.services.has(key) && snapshot.slices.has(key)) ripe.add(key);
    }
  }

  #isFull(now: number): boolean {
    if (this.#fullSyncAt === undefined || this.#failed || this.#isDistrusted) return true;
    return now - this.#fullSyncAt >= FULL_SYNC_MS;
  }

  #advance(services: ReadonlySet<ObjectKey> | "all"): Transition {
    const { store, settings } = this.#options;
    const { snapshot } = store;
    const current = settings(snapshot);
    const previous = this.#state ?? emptyState(this.family, current);
    if (services === "all") this.#changed.clear();
    else for (const key of services) this.#changed.delete(key);
    const transition = advance(previous, { snapshot, settings: current, services });
    this.#state = transition.next;
    return transition;
  }

  async #tidy(signal?: AbortSignal): Promise<void> {
    try {
      if (await this.#options.backend.tidy(signal)) this.#options.request();
    } catch (error) {
      this.#options.observer.untidy(this.family, error);
      void this.#tidyLater(signal);
    }
  }

  /** Asks for another sync in a while, which tidies up: nothing else may happen for an hour. */
  async #tidyLater(signal?: AbortSignal): Promise<void> {
    if (this.#tidiesLater) return;
    this.#tidiesLater = true;
    await this.#options.clock.sleep(TIDY_AGAIN_MS, signal);
    this.#tidiesLater = false;
    if (!signal?.aborted) this.#options.request();
  }
}
