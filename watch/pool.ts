import { NOTHING } from "./fields.ts";

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

/** The same for lists of plain data, which are frozen. All empty lists are one. */
export class ListPool<T> {
  readonly #lists: Pool<readonly T[]>;

  constructor(limit: number) {
    this.#lists = new Pool(limit);
  }

  /** The list that was first offered with these elements. */
  share(list: readonly T[]): readonly T[] {
    if (list.length === 0) return NOTHING;
    const shared = this.#lists.share(JSON.stringify(list), list);
    return shared === list ? Object.freeze(list) : shared;
  }
}
