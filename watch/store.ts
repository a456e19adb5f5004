import { type ClusterObject, keyOf, type Kind, KINDS, type ObjectKey } from "../model/objects.ts";
import {
  EMPTY_SNAPSHOT,
  objectIn,
  type Snapshot,
  withList,
  withObject,
  withObjects,
  withoutObject,
} from "../model/snapshot.ts";
import type { Sink } from "./source.ts";

/** One step from a snapshot to the next. */
export interface StoreChange {
  readonly kind: Kind;
  /** Services whose object or slices may be different now. */
  readonly services: ReadonlySet<ObjectKey>;
  /** The object that came, when it was a single one. */
  readonly object?: ClusterObject;
  /** Of a single slice: the one address type that it has and had; absent when there may be several. */
  readonly addressType?: string;
}

/** Called after every change, synchronously. */
export type StoreListener = (change: StoreChange) => void;

/**
 * Holds the newest snapshot of the cluster and tells who listens what changed.
 *
 * A snapshot that was handed out never changes; making the next one costs O(changes).
 */
export class Store implements Sink {
  #snapshot: Snapshot = EMPTY_SNAPSHOT;
  readonly #synced = new Set<Kind>();
  readonly #heard = new Map<Kind, number>();
  readonly #listeners = new Set<StoreListener>();
  readonly #now: () => number;

  /** `now` gives milliseconds on the clock that {@linkcode lastHeard} is to be told on. */
  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  get snapshot(): Snapshot {
    return this.#snapshot;
  }

  /** Tells whether the first complete list of each of `kinds` has arrived. */
  isSynced(kinds: readonly Kind[] = KINDS): boolean {
    return kinds.every((kind) => this.#synced.has(kind));
  }

  /** Returns when the source of `kind` was last heard of; undefined when never. */
  lastHeard(kind: Kind): number | undefined {
    return this.#heard.get(kind);
  }

  /** Calls `listener` after every change, until the returned function is called. */
  subscribe(listener: StoreListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  replace(kind: Kind, objects: Iterable<ClusterObject>): void {
    const services = new Set<ObjectKey>();
    this.#snapshot = withList(this.#snapshot, kind, objects, services);
    this.#synced.add(kind);
    this.#tell({ kind, services });
  }

  upsertAll(kind: Kind, objects: readonly ClusterObject[]): void {
    const services = new Set<ObjectKey>();
    this.#snapshot = withObjects(this.#snapshot, objects, services);
    this.#tell({ kind, services });
  }

  upsert(object: ClusterObject): void {
    const services = new Set<ObjectKey>();
    const before = objectIn(this.#snapshot, object.kind, keyOf(object));
    this.#snapshot = withObject(this.#snapshot, object, services);
    this.#tell({ kind: object.kind, services, object, ...addressTypeOf(before, object) });
  }

  remove(kind: Kind, key: ObjectKey): void {
    const services = new Set<ObjectKey>();
    const before = objectIn(this.#snapshot, kind, key);
    const next = withoutObject(this.#snapshot, kind, key, services);
    if (next === this.#snapshot) return this.heard(kind);
    this.#snapshot = next;
    this.#tell({ kind, services, ...addressTypeOf(before) });
  }

  heard(kind: Kind): void {
    this.#heard.set(kind, this.#now());
  }

  #tell(change: StoreChange): void {
    this.heard(change.kind);
    for (const listener of this.#listeners) listener(change);
  }
}

/** Returns the address type that all of `slices` have in common, if they are slices. */
function addressTypeOf(
  ...slices: readonly (ClusterObject | undefined)[]
): Pick<StoreChange, "addressType"> {
  const found = slices.filter((one) => one !== undefined);
  const types = new Set(found.map((one) => one.kind === "EndpointSlice" ? one.addressType : ""));
  const [type = ""] = types;
  return types.size === 1 && type !== "" ? { addressType: type } : {};
}
