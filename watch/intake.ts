import type { Logger } from "@logtape/logtape";
import { type ClusterObject, keyOf, type Kind, type ObjectKey } from "../model/objects.ts";
import type { Sink } from "./source.ts";
import { ObjectError, strip } from "./strip.ts";
import { type RawObject, versionOf, type WatchEvent } from "./watch_event.ts";

/** What an intake is made of. */
export interface IntakeOptions {
  readonly kind: Kind;
  readonly sink: Sink;
  readonly log: Logger;
  /** What the sink holds now, so that an object whose new version cannot be used stays as it was in a new list. */
  readonly held?: ((kind: Kind, key: ObjectKey) => ClusterObject | undefined) | undefined;
  /** Called for everything that is left out. */
  readonly onSkipped?: ((kind: Kind) => void) | undefined;
}

/** How many reports are remembered, so as not to repeat them. */
const REMEMBERED = 10_000;

/**
 * Takes raw objects of one kind into the sink. What cannot be used is reported once per version and left out: the
 * state that was known before stays in force.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #reported = new Set<string>();
  #synced = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Begins a complete list. */
  list(): Listing {
    const { kind, sink, log, held } = this.#options;
    return new Listing({
      usable: (raw) => this.#usable(raw),
      held: (key) => held?.(kind, key),
      commit: (objects) => {
        sink.replace(kind, objects.values());
        this.#synced = true;
        log.info("Listed", { kind, objects: objects.size });
      },
    });
  }

  /** True once a complete list is in force. */
  get synced(): boolean {
    return this.#synced;
  }

  /** Takes one change. */
  apply(event: WatchEvent): void {
    const { kind, sink } = this.#options;
    if (event.type === "DELETED") {
      const key = rawKey(event.object);
      return key === undefined
        ? this.skip("Cannot use a deletion: it has no name")
        : sink.remove(kind, key);
    }
    const object = this.#usable(event.object);
    if (object !== undefined) sink.upsert(object);
  }

  /** Counts something unusable and reports it, unless the same was reported before. */
  skip(problem: string, identity: string = problem): void {
    const { kind, log, onSkipped } = this.#options;
    onSkipped?.(kind);
    if (this.#reported.has(identity)) return;
    if (this.#reported.size >= REMEMBERED) this.#reported.clear();
    this.#reported.add(identity);
    log.warn("Skipped, what was known before stays in force", { kind, error: problem });
  }

  #usable(raw: RawObject): ClusterObject | undefined {
    try {
      return strip(raw, this.#options.kind);
    } catch (error) {
      if (!(error instanceof ObjectError)) throw error;
      this.skip(error.message, `${rawKey(raw)}@${versionOf(raw)}`);
      return undefined;
    }
  }
}

/** What a listing needs of its intake. */
interface ListingParts {
  readonly usable: (raw: RawObject) => ClusterObject | undefined;
  readonly held: (key: ObjectKey) => ClusterObject | undefined;
  readonly commit: (objects: ReadonlyMap<ObjectKey, ClusterObject>) => void;
}

/** A complete list in the making. The sink sees nothing of it before `commit()`. */
export class Listing {
  readonly #parts: ListingParts;
  readonly #objects = new Map<ObjectKey, ClusterObject>();

  constructor(parts: ListingParts) {
    this.#parts = parts;
  }

  /** Takes an object of the list, or the last one held in its place when it cannot be used. */
  add(raw: RawObject): void {
    const object = this.#parts.usable(raw) ?? this.#lastGood(raw);
    if (object !== undefined) this.#objects.set(keyOf(object), object);
  }

  /** Takes an event that arrived before the list was complete. */
  apply(event: WatchEvent): void {
    if (event.type !== "DELETED") return this.add(event.object);
    const key = rawKey(event.object);
    if (key !== undefined) this.#objects.delete(key);
  }

  /** Starts again. */
  clear(): void {
    this.#objects.clear();
  }

  /** Puts the list in force. */
  commit(): void {
    this.#parts.commit(this.#objects);
  }

  #lastGood(raw: RawObject): ClusterObject | undefined {
    const key = rawKey(raw);
    return key === undefined ? undefined : this.#objects.get(key) ?? this.#parts.held(key);
  }
}

/** The key of an object that may not be usable otherwise. */
function rawKey(raw: RawObject | null): ObjectKey | undefined {
  const { namespace, name } = raw?.metadata ?? {};
  if (typeof name !== "string" || name === "") return undefined;
  return keyOf({ namespace: typeof namespace === "string" ? namespace : "", name });
}
