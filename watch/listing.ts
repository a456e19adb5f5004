import { type ClusterObject, keyOf, type Kind, type ObjectKey } from "../model/objects.ts";
import type { ObjectEvent } from "./intake.ts";
import type { Sink } from "./source.ts";
import type { Item, UnusableItem } from "./watch_event.ts";

/** How many objects the sink is told of together before the list is complete: a server sends one or two at a time. */
const BATCH = 250;

/** What a listing works with. */
export interface ListingOptions {
  /** Called for an object that cannot be used. */
  readonly report: (item: UnusableItem) => void;
  /** The state of an object that is in force. */
  readonly held: (key: ObjectKey) => ClusterObject | undefined;
  /** Puts the list in force. */
  readonly commit: (objects: ReadonlyMap<ObjectKey, ClusterObject>) => void;
  /** Who is told of the objects before the list is complete; by default nobody is. */
  readonly early?: { readonly kind: Kind; readonly sink: Sink };
}

/**
 * A complete list in the making.
 *
 * The sink sees nothing of it before `commit()`, unless it is to know early: then it is told of some hundred objects at
 * a time, and should the list break off, the next one takes away what is not true any more.
 */
export class Listing {
  readonly #options: ListingOptions;
  readonly #objects = new Map<ObjectKey, ClusterObject>();
  #fresh: ClusterObject[] = [];

  constructor(options: ListingOptions) {
    this.#options = options;
  }

  /** Takes an object of the list, or the last one held in its place when it cannot be used. */
  add(item: Item): void {
    const object = item.object ?? this.#lastGood(item);
    if (object === undefined) return;
    this.#objects.set(keyOf(object), object);
    if (this.#options.early === undefined) return;
    this.#fresh.push(object);
    if (this.#fresh.length >= BATCH) this.#tell();
  }

  /** Takes an event that arrived before the list was complete. */
  apply(event: ObjectEvent): void {
    if (event.type !== "DELETED") return this.add(event.item);
    if (event.key === undefined) return;
    this.#tell();
    this.#objects.delete(event.key);
    this.#options.early?.sink.remove(this.#options.early.kind, event.key);
  }

  /** Starts again. */
  clear(): void {
    this.#objects.clear();
    this.#fresh = [];
  }

  /** Puts the list in force. */
  commit(): void {
    this.#options.commit(this.#objects);
  }

  #tell(): void {
    const fresh = this.#fresh;
    this.#fresh = [];
    if (fresh.length > 0) this.#options.early?.sink.upsertAll(this.#options.early.kind, fresh);
  }

  #lastGood(item: UnusableItem): ClusterObject | undefined {
    const { key } = item;
    this.#options.report(item);
    return key === undefined ? undefined : this.#objects.get(key) ?? this.#options.held(key);
  }
}
