import type { ApplyReport } from "../backends/backend.ts";
import type { Transition } from "../model/advance.ts";
import type { Family } from "../model/family.ts";

/** Who wants to know what the syncs do: logs, metrics, health. */
export interface SyncObserver {
  /** A new desired state was derived; it is not in force yet. */
  derived(transition: Transition): void;
  synced(sync: SyncFacts): void;
  failed(sync: FailedSync): void;
  /** Something that is no longer needed could not be removed yet. */
  untidy(family: Family, error: unknown): void;
}

/** A sync that ended well. */
export interface SyncFacts extends ApplyReport {
  readonly family: Family;
  /** Services that were derived anew. */
  readonly services: number;
  readonly deriveMs: number;
  readonly totalMs: number;
  /** When the endpoints behind this sync changed (RFC 3339), as far as their slices say so. */
  readonly triggers: readonly string[];
}

/** A sync that failed: the last good rules are still in force. */
export interface FailedSync {
  readonly family: Family;
  readonly services: number;
  readonly mode: "full" | "partial";
  readonly error: unknown;
  readonly totalMs: number;
}

/** Returns an observer that tells all of `observers`. */
export function allOf(observers: readonly SyncObserver[]): SyncObserver {
  return {
    derived: (transition) => observers.forEach((one) => one.derived(transition)),
    synced: (sync) => observers.forEach((one) => one.synced(sync)),
    failed: (sync) => observers.forEach((one) => one.failed(sync)),
    untidy: (family, error) => observers.forEach((one) => one.untidy(family, error)),
  };
}

/**
 * Returns an observer that tells `observer` of a new state only when its sync has ended: the rules do not wait for those
 * who count and report, which takes a moment when every Service is new.
 */
export function afterwards(observer: SyncObserver): SyncObserver {
  let untold: Transition | undefined;
  const tell = () => {
    const transition = untold;
    untold = undefined;
    if (transition !== undefined) observer.derived(transition);
  };
  return {
    derived(transition) {
      tell();
      untold = transition;
    },
    synced(sync) {
      tell();
      observer.synced(sync);
    },
    failed(sync) {
      tell();
      observer.failed(sync);
    },
    untidy: (family, error) => observer.untidy(family, error),
  };
}
