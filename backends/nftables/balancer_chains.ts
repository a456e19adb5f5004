import { type Balancer, balancerChain } from "./names.ts";

/**
 * Counts which balancer chains are used and which the kernel has.
 *
 * A chain that nobody uses any more stays for a while: kernels before 6.2 hold a chain "in use" for a moment after the
 * last element that led to it is gone, and a transaction that deletes it would fail.
 */
export class BalancerChains {
  readonly #uses = new Map<string, number>();
  readonly #existing = new Map<string, { readonly unusedSince: number | undefined }>();

  /** Forgets everything and counts `balancers` anew; `existing` chains are in the kernel besides. */
  reset(balancers: Iterable<Balancer>, existing: Iterable<string>, now: number): void {
    this.#uses.clear();
    this.#existing.clear();
    for (const name of existing) this.#existing.set(name, { unusedSince: now });
    this.commit(balancers, [], now);
  }

  /** Returns those of `gained` whose chains the kernel does not have yet. */
  missing(gained: Iterable<Balancer>): readonly Balancer[] {
    const missing = new Map<string, Balancer>();
    for (const balancer of gained) {
      const name = balancerChain(balancer);
      if (!this.#existing.has(name)) missing.set(name, balancer);
    }
    return [...missing.values()];
  }

  /** Counts the uses that a successful transaction brought and took. `now` is in milliseconds. */
  commit(gained: Iterable<Balancer>, lost: Iterable<Balancer>, now: number): void {
    const touched = new Set<string>();
    for (const [balancers, step] of [[gained, 1], [lost, -1]] as const) {
      for (const balancer of balancers) {
        const name = balancerChain(balancer);
        this.#uses.set(name, (this.#uses.get(name) ?? 0) + step);
        touched.add(name);
      }
    }
    for (const name of touched) {
      const unused = this.#uses.get(name) === 0;
      if (unused) this.#uses.delete(name);
      this.#existing.set(name, { unusedSince: unused ? now : undefined });
    }
  }

  /** Returns the chains that have been unused for at least `milliseconds`. */
  unusedFor(milliseconds: number, now: number): readonly string[] {
    return [...this.#existing]
      .filter(([, { unusedSince }]) =>
        unusedSince !== undefined && now - unusedSince >= milliseconds
      )
      .map(([name]) => name);
  }

  /** Takes note that the kernel does not have these chains any more. */
  deleted(names: Iterable<string>): void {
    for (const name of names) this.#existing.delete(name);
  }
}
