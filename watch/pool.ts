/** The one empty list, shared by every object that has none. */
export const NOTHING: readonly never[] = Object.freeze([]);

/**
 * Gives equal values one identity, so that what thousands of objects have in common is held in memory once.
 *
 * Forgets everything when it is full: what was shared stays shared, and the pool itself stays small for ever.
 */
export class Pool<T> {
  readonly #values = new Map<string, T>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The value that was first offered under `key`. */
  share(key: string, value: T): T {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    if (this.#values.size >= this.#limit) this.#values.clear();
    this.#values.set(key, value);
    return value;
  }
}

/** The same for lists, which are frozen. All empty lists are one. */
export class ListPool<T> {
  readonly #lists: Pool<readonly T[]>;
  readonly #nameOf: (element: T) => string;

  /** `nameOf` tells elements apart by a text of which none is the beginning of another's (see `delimited`). */
  constructor(limit: number, nameOf: (element: T) => string) {
    this.#lists = new Pool(limit);
    this.#nameOf = nameOf;
  }

  /** The list that was first offered with these elements. */
  share(list: readonly T[]): readonly T[] {
    if (list.length === 0) return NOTHING;
    let key = "";
    for (const element of list) key += this.#nameOf(element);
    const shared = this.#lists.share(key, list);
    return shared === list ? Object.freeze(list) : shared;
  }
}

/** Writes `text` so that one can tell where it ends. */
export function delimited(text: string): string {
  return `${text.length}:${text}`;
}
