import type { ClusterObject, Kind, ObjectKey } from "../model/objects.ts";

/**
 * Where cluster objects come from: the API server or a folder of manifests.
 *
 * A source runs until `signal` aborts, heals itself from every failure on the way, and never lets one bad object
 * stop the others: it reports the object to its log and goes on.
 */
export interface Source {
  /** Feeds `sink` until `signal` aborts. Rejects only when it can never work (a bad kubeconfig, a missing folder). */
  run(sink: Sink, signal: AbortSignal): Promise<void>;
}

/** What a source tells. The store implements it; all calls are synchronous and cheap. */
export interface Sink {
  /** A complete list of one kind: objects that are not in it are gone. Also marks the kind as synced. */
  replace(kind: Kind, objects: Iterable<ClusterObject>): void;
  /** One object that was added or changed. */
  upsert(object: ClusterObject): void;
  /**
   * Objects of one kind that were added or changed, told together.
   *
   * The first list of a kind comes so while it is being read, before the `replace` that completes it: what is known
   * then is true, but not all.
   */
  upsertAll(kind: Kind, objects: readonly ClusterObject[]): void;
  /** One object that was deleted. */
  remove(kind: Kind, key: ObjectKey): void;
  /** News of the source itself, for health and metrics: the last time that the server was heard of. */
  heard(kind: Kind): void;
}
