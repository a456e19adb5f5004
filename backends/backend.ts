import type { Transition } from "../model/advance.ts";
import type { Family } from "../model/family.ts";
import type { ServicePort } from "../model/service_port.ts";

/**
 * What puts the desired state of one family into force.
 *
 * A backend applies transitions one after the other, each atomically: all of it or nothing. It remembers what it
 * committed last and decides by itself whether the difference is enough or everything has to be written.
 */
export interface Backend {
  readonly family: Family;
  /**
   * Puts `transition.next` into force. `full` asks to write everything, whatever was committed before.
   *
   * Rejects when nothing could be applied: the last good rules stay in force, and the next apply is a full one.
   */
  apply(transition: Transition, options: ApplyOptions): Promise<ApplyReport>;
  /**
   * Loads what `transition` brings before the first {@linkcode apply}, where no packet meets it.
   *
   * Large clusters take seconds to load: that way it happens while the rest is still on its way, in portions, and the
   * first apply has little left to do. May be called again before the promise is settled: each waits for the one before.
   * Returns false when nothing can be loaded ahead, because rules of an earlier run are in force. Rejects when it failed;
   * the first apply then writes everything.
   */
  loadAhead?(transition: Transition, signal?: AbortSignal): Promise<boolean>;
  /**
   * Removes what earlier transitions left over, off the hot path. Returns whether there is more to do soon.
   *
   * Rejects when the kernel still holds on to something: nothing is lost, a later call removes it.
   */
  tidy(signal?: AbortSignal): Promise<boolean>;
  /**
   * Returns the Service ports with session affinity that have so many clients that not all are remembered: of late, one of
   * the others came, got an endpoint at random, and will get another one with its next connection.
   */
  unlearned(signal?: AbortSignal): Promise<readonly ServicePort[]>;
}

/** How to apply. */
export interface ApplyOptions {
  readonly full: boolean;
  readonly signal?: AbortSignal;
}

/** What an apply did. */
export interface ApplyReport {
  readonly mode: "full" | "partial";
  /** Elements added and deleted; in a full apply, all elements. 0 when there was nothing to do. */
  readonly elements: number;
  /** Size of the transaction in bytes. */
  readonly bytes: number;
  /** Milliseconds spent making the transaction, and in the kernel's hands. */
  readonly renderMs: number;
  readonly applyMs: number;
  /** Why a partial apply had to be repeated as a full one. */
  readonly fallback?: Error;
  /** True when another proxy's rules were there, and left in this transaction. */
  readonly tookOver?: boolean;
}
