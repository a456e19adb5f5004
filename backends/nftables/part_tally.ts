import type { Part, PartKey } from "./parts.ts";

/**
 * Counts which parts are used and which the kernel has.
 *
 * A part that nobody uses any more stays for a while: kernels before 6.2 hold a chain "in use" for a moment after the
 * last element that led to it is gone, and a transaction that deletes it would fail.
 */
export class PartTally {
  readonly #uses = new Map<PartKey, number>();
  readonly #existing = new Map<PartKey, { readonly unusedSince: number | undefined }>();

  /** Forgets everything and counts `parts` anew; `existing` ones are in the kernel besides. */
  reset(parts: Iterable<Part>, existing: Iterable<PartKey>, now: number): void {
    this.#uses.clear();
    this.#existing.clear();
    for (const key of existing) this.#existing.set(key, { unusedSince: now });
    this.commit(parts, [], now);
  }

  /** Returns those of `gained` that the kernel does not have yet. */
  missing(gained: Iterable<Part>): readonly Part[] {
    const missing = new Map<PartKey, Part>();
    for (const part of gained) if (!this.#existing.has(part.key)) missing.set(part.key, part);
    return [...missing.values()];
  }

  /** Tells whether the kernel has a part. */
  has(key: PartKey): boolean {
    return this.#existing.has(key);
  }

  /** Tells whether the kernel has a part like that. */
  some(isWanted: (key: PartKey) => boolean): boolean {
    return this.#existing.keys().some(isWanted);
  }

  /** Counts the uses that a successful transaction brought and took. `now` is in milliseconds. */
  commit(gained: Iterable<Part>, lost: Iterable<Part>, now: number): void {
    const touched = new Set<PartKey>();
    for (const [parts, step] of [[gained, 1], [lost, -1]] as const) {
      for (const { key } of parts) {
        this.#uses.set(key, (this.#uses.get(key) ?? 0) + step);
        touched.add(key);
      }
    }
    for (const key of touched) {
      const unused = this.#uses.get(key) === 0;
      if (unused) this.#uses.delete(key);
      this.#existing.set(key, { unusedSince: unused ? now : undefined });
    }
  }

  /** Returns the parts that have been unused for at least `milliseconds`. */
  unusedFor(milliseconds: number, now: number): readonly PartKey[] {
    return [...this.#existing]
      .filter(([, { unusedSince }]) =>
        unusedSince !== undefined && now - unusedSince >= milliseconds
      )
      .map(([key]) => key);
  }

  /** Takes note that the kernel does not have these parts any more. */
  deleted(keys: Iterable<PartKey>): void {
    for (const key of keys) this.#existing.delete(key);
  }
}
