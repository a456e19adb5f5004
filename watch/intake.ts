import type { Logger } from "@logtape/logtape";
import type { ClusterObject, Kind, ObjectKey } from "../model/objects.ts";
import { Listing } from "./listing.ts";
import type { Sink } from "./source.ts";
import type { Item, UnusableItem, WatchEvent } from "./watch_event.ts";

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

/** An event of a watch that says what became of an object. */
export type ObjectEvent = Extract<WatchEvent, { type: "ADDED" | "MODIFIED" | "DELETED" }>;

/** How many reports are remembered, so as not to repeat them. */
const REMEMBERED = 10_000;

/**
 * Takes objects of one kind into the sink. What cannot be used is reported once per version and left out: the state
 * that was known before stays in force.
 */
export class Intake {
  readonly #options: IntakeOptions;
  readonly #reported = new Set<string>();
  #synced = false;

  constructor(options: IntakeOptions) {
    this.#options = options;
  }

  /** Begins a complete list. Of the first one, the sink is told while it is being read. */
  list(): Listing {
    const { kind, sink, log, held } = this.#options;
    return new Listing({
      report: (item) => this.#report(item),
      held: (key) => held?.(kind, key),
      ...(!this.#synced && { early: { kind, sink } }),
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
  apply(event: ObjectEvent): void {
    const { kind, sink } = this.#options;
    if (event.type !== "DELETED") return this.#upsert(event.item);
    if (event.key === undefined) this.skip("Cannot use a deletion: it has no name");
    else sink.remove(kind, event.key);
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

  #upsert(item: Item): void {
    if (item.object === undefined) this.#report(item);
    else this.#options.sink.upsert(item.object);
  }

  #report({ problem, key, version }: UnusableItem): void {
    this.skip(problem, `${key}@${version}`);
  }
}
