/**
 * Transactions that may be under way at a time: nft reads one, for which it needs twice as long, while the kernel takes in
 * another.
 */
const PARALLEL = 2;

/** Transactions that load a table which meets no packet yet: their order does not matter, only that all are done. */
export class Loads {
  readonly #running = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | undefined;

  /**
   * Begins a transaction when there is room for it.
   *
   * Resolves then, with a promise of its end. Rejects, like that promise, when it or one before it has failed.
   */
  async begin(load: () => Promise<void>): Promise<{ readonly done: Promise<void> }> {
    while (this.#running.size >= PARALLEL) await Promise.race(this.#running);
    this.#complain();
    const running = load().catch((error) => {
      this.#failure ??= { error };
    });
    this.#running.add(running);
    const done = running.then(() => {
      this.#running.delete(running);
      this.#complain();
    });
    done.catch(() => {}); // who wants to know looks at it later
    return { done };
  }

  /** Resolves when none is under way. Rejects when one has failed. */
  async done(): Promise<void> {
    await Promise.all(this.#running);
    this.#complain();
  }

  #complain(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
