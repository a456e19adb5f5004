import { type ClusterObject, keyOf, type Kind, type ObjectKey } from "../model/objects.ts";

/** What happened to an object: added or changed, or gone. */
export type ManifestChange =
  | { readonly type: "upsert"; readonly object: ClusterObject }
  | { readonly type: "remove"; readonly kind: Kind; readonly key: ObjectKey };

/** An object that several files define. */
export interface Duplicate {
  readonly object: string;
  /** The file whose definition counts. */
  readonly winner: string;
  readonly loser: string;
}

/** What came of giving a file new content. */
export interface IndexUpdate {
  readonly changes: readonly ManifestChange[];
  readonly duplicates: readonly Duplicate[];
}

/**
 * Knows which file defines which object. When several files define the same one, the first of them in byte order of
 * their paths counts, whatever the order in which they were read; when that one goes, the next takes its place.
 *
 * An update costs what the file holds, not what the folder holds.
 */
export class ManifestIndex {
  readonly #files = new Map<string, ReadonlyMap<string, ClusterObject>>();
  readonly #claims = new Map<string, Map<string, ClusterObject>>();

  /** Tells whether the file at `path` holds objects. */
  holds(path: string): boolean {
    return this.#files.has(path);
  }

  /** The objects that count, of all files together. */
  objects(): ClusterObject[] {
    return [...this.#claims.values()].flatMap((claims) => winnerOf(claims)?.[1] ?? []);
  }

  /** Replaces what the file at `path` holds; nothing removes the file. */
  update(path: string, objects: readonly ClusterObject[]): IndexUpdate {
    const before = this.#files.get(path) ?? new Map<string, ClusterObject>();
    const after = new Map(objects.map((object) => [idOf(object), object]));
    for (const [id, object] of after) {
      const known = before.get(id);
      // What did not change stays the same object, so that nobody derives anything from it anew.
      if (known !== undefined && equal(known, object)) after.set(id, known);
    }
    const changes: ManifestChange[] = [];
    const duplicates: Duplicate[] = [];
    for (const id of new Set([...before.keys(), ...after.keys()])) {
      const change = this.#claim(id, path, after.get(id));
      if (change !== undefined) changes.push(change);
      if (!before.has(id)) duplicates.push(...this.#duplicatesOf(id, path));
    }
    if (after.size === 0) this.#files.delete(path);
    else this.#files.set(path, after);
    return { changes, duplicates };
  }

  /** Sets or withdraws what `path` says about one object. */
  #claim(id: string, path: string, object: ClusterObject | undefined): ManifestChange | undefined {
    const claims = this.#claims.get(id) ?? new Map<string, ClusterObject>();
    const before = winnerOf(claims)?.[1];
    if (object === undefined) claims.delete(path);
    else claims.set(path, object);
    if (claims.size === 0) this.#claims.delete(id);
    else this.#claims.set(id, claims);
    const after = winnerOf(claims)?.[1];
    if (after !== undefined) {
      const same = before !== undefined && (before === after || equal(before, after));
      return same ? undefined : { type: "upsert", object: after };
    }
    return before && { type: "remove", kind: before.kind, key: keyOf(before) };
  }

  #duplicatesOf(id: string, path: string): Duplicate[] {
    const claims = this.#claims.get(id);
    const winner = claims && winnerOf(claims)?.[0];
    if (claims === undefined || winner === undefined || claims.size < 2) return [];
    const losers = path === winner ? [...claims.keys()].filter((other) => other !== path) : [path];
    return losers.map((loser) => ({ object: id, winner, loser }));
  }
}

function idOf(object: ClusterObject): string {
  return `${object.kind} "${keyOf(object)}"`;
}

function winnerOf(claims: ReadonlyMap<string, ClusterObject>): [string, ClusterObject] | undefined {
  let winner: [string, ClusterObject] | undefined;
  for (const claim of claims) if (winner === undefined || claim[0] < winner[0]) winner = claim;
  return winner;
}

/** Stripped objects are plain data whose fields always come in the same order. */
function equal(a: ClusterObject, b: ClusterObject): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
