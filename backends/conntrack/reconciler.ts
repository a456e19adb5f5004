import type { Transition } from "../../model/advance.ts";
import type { Clock } from "../../model/clock.ts";
import type { DesiredState } from "../../model/desired_state.ts";
import type { Family } from "../../model/family.ts";
import type { Conntrack } from "./conntrack.ts";
import { ConntrackError } from "./conntrack_error.ts";
import type { Flow } from "./flow.ts";
import { GoneOffers } from "./gone_offers.ts";
import { StaleGroups } from "./stale_groups.ts";
import { type Gone, type Judge, judgeOf, type StaleReason } from "./staleness.ts";
import { udpChanges } from "./udp_changes.ts";

/** What a {@linkcode Reconciler} works with. */
export interface ReconcilerOptions {
  readonly family: Family;
  readonly conntrack: Conntrack;
  readonly clock: Clock;
}

/** What a pass did. */
export interface ReconcileReport {
  readonly durationMs: number;
  /** The part of it that reading the table took. */
  readonly listMs: number;
  /** UDP flows of the family that were looked at. */
  readonly flows: number;
  readonly deleted: ReadonlyMap<StaleReason, number>;
  /** True when there was more to delete than one pass takes on: the next one should come soon. */
  readonly isUnfinished: boolean;
  /** Why not everything that was found wrong could be deleted. */
  readonly failure?: unknown;
}

/**
 * Groups that one pass deletes. Each costs a pass over the table in the kernel, and after some hundred of them it is
 * better to look again: what changed meanwhile may be more urgent.
 */
const MAX_GROUPS = 256;

/**
 * Milliseconds that a process which deletes groups may take, about: before each one it is asked anew what is wrong. Each
 * group takes as long as it took to read the table, so that there is one process for all groups where the table is small.
 */
const BATCH_MS = 5_000;

/** How often a call is tried that the kernel interrupts. */
const ATTEMPTS = 5;

/**
 * Deletes the UDP flows of one family that lead somewhere they should not, so that their next packet is judged by the
 * rules anew. Established TCP connections end by themselves, and are never touched; neither is SCTP.
 *
 * It compares what the kernel tracks with what should be, whatever happened in between: a pass that fails loses nothing, and
 * the first one after a start deletes only what is wrong. A flow is deleted when it is wrong both under the rules that are
 * in force and under those that are just being applied. The table is never held, only what is to be deleted.
 */
export class Reconciler {
  readonly #options: ReconcilerOptions;
  readonly #gone = new GoneOffers();
  #newest: DesiredState | undefined;
  #inForce: DesiredState | undefined;
  #isDue = false;

  constructor(options: ReconcilerOptions) {
    this.#options = options;
  }

  /** Takes note of a transition that is about to be applied. */
  derived(transition: Transition): void {
    const changes = udpChanges(transition);
    this.#gone.add(changes);
    this.#isDue ||= changes.mayBeStale;
    this.#newest = transition.next;
  }

  /**
   * Takes note that the newest transition is in force. Returns whether flows may have become wrong since it was last asked:
   * then a {@linkcode reconcile} is due.
   */
  synced(): boolean {
    this.#inForce = this.#newest;
    const isDue = this.#isDue;
    this.#isDue = false;
    return isDue;
  }

  /**
   * Makes one pass over the table; nothing before the first sync. Rejects with {@linkcode ConntrackError} when the table could
   * not be read. Not to be called again before it has ended.
   */
  async reconcile(signal?: AbortSignal): Promise<ReconcileReport | undefined> {
    const { clock } = this.#options;
    if (this.#inForce === undefined) return undefined;
    const started = clock.monotonic();
    // What is gone from the newest state only will have to be known after it came into force.
    const mayForget = this.#inForce === this.#newest;
    const gone = this.#gone.take();
    let isDone = false;
    try {
      const { flows, groups } = await persistently(() => this.#find(gone, signal));
      const listMs = clock.monotonic() - started;
      const { deleted, failure } = await this.#deleteAll(groups, { gone, listMs, signal });
      const isUnfinished = groups.isFull && deleted.size > 0;
      isDone = mayForget && !isUnfinished && failure === undefined;
      const durationMs = clock.monotonic() - started;
      const facts = { durationMs, listMs, flows, deleted, isUnfinished };
      return failure === undefined ? facts : { ...facts, failure };
    } finally {
      if (!isDone) this.#gone.putBack(gone);
    }
  }

  /** Looks at all flows, and gathers those that are wrong. */
  async #find(
    gone: Gone,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly flows: number; readonly groups: StaleGroups }> {
    const { conntrack, family } = this.#options;
    const judge = this.#judge(gone);
    const groups = new StaleGroups(MAX_GROUPS);
    let flows = 0;
    await conntrack.list(family, (flow) => {
      flows++;
      const reason = judge(flow);
      if (reason !== undefined) groups.add(flow, reason);
    }, signal);
    return { flows, groups };
  }

  async #deleteAll(
    groups: StaleGroups,
    { gone, listMs, signal }: {
      readonly gone: Gone;
      readonly listMs: number;
      readonly signal: AbortSignal | undefined;
    },
  ): Promise<Pick<ReconcileReport, "deleted"> & { readonly failure: unknown }> {
    const { conntrack, family } = this.#options;
    const judge = this.#judge(gone);
    const deleted = new Map<StaleReason, number>();
    const onFlow = (flow: Flow) => {
      const reason = groups.reasonOf(flow);
      if (reason !== undefined) deleted.set(reason, (deleted.get(reason) ?? 0) + 1);
    };
    for (const batch of groups.batches(Math.max(1, Math.floor(BATCH_MS / listMs)))) {
      // An endpoint may have come back since; if it is wrong for another reason now, another pass is due anyway.
      const wrong = batch.filter(({ example, reason }) => judge(example) === reason);
      if (wrong.length === 0) continue;
      const matches = wrong.map(({ match }) => match);
      try {
        await persistently(() => conntrack.delete(family, matches, { onFlow, signal }));
      } catch (failure) {
        return { deleted, failure };
      }
    }
    return { deleted, failure: undefined };
  }

  /** Returns a judge that goes by the state in force and the newest one, also when they change while it is used. */
  #judge(gone: Gone): Judge {
    const inForce = latestJudge(() => this.#inForce, gone);
    const newest = latestJudge(() => this.#newest, gone);
    return (flow) => {
      const reason = inForce(flow);
      if (reason === undefined || this.#newest === this.#inForce) return reason;
      return newest(flow) === reason ? reason : undefined;
    };
  }
}

/** Returns a judge that goes by what `current` returns at the time. */
function latestJudge(current: () => DesiredState | undefined, gone: Gone): Judge {
  let state: DesiredState | undefined;
  let judge: Judge = () => undefined;
  return (flow) => {
    const now = current();
    if (now !== state && now !== undefined) judge = judgeOf(now, gone);
    state = now;
    return judge(flow);
  };
}

/** Does `action` again when the kernel interrupts it. */
async function persistently<Result>(action: () => Promise<Result>): Promise<Result> {
  for (let attempt = 1;; attempt++) {
    try {
      return await action();
    } catch (error) {
      const wasInterrupted = error instanceof ConntrackError && error.kind === "interrupted";
      if (!wasInterrupted || attempt === ATTEMPTS) throw error;
    }
  }
}
