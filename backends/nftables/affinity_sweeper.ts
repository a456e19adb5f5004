import type { Family } from "../../model/family.ts";
import { staleElements, type Sweep } from "./affinity_sweep.ts";
import type { Nft } from "./nft.ts";
import { NftError } from "./nft_error.ts";
import type { Element } from "./objects.ts";
import type { PartTally } from "./part_tally.ts";
import { Statements } from "./statements.ts";

/** Affinity maps that are looked through at once: 6 ms each. */
const SWEEPS_AT_ONCE = 100;

/** What a sweeper works with. */
export interface AffinitySweeperOptions {
  readonly nft: Nft;
  /** Tells which maps the kernel has. */
  readonly parts: PartTally;
}

/** What maps have to forget. */
export interface Forgetting {
  readonly statements: readonly string[];
  readonly elements: number;
}

/** Keeps the affinity maps of a family free of endpoints that are gone. */
export class AffinitySweeper {
  readonly #family: Family;
  readonly #nft: Nft;
  readonly #parts: PartTally;
  readonly #due = new Map<string, Sweep>();

  constructor(family: Family, { nft, parts }: AffinitySweeperOptions) {
    this.#family = family;
    this.#nft = nft;
    this.#parts = parts;
  }

  /** Takes note of maps that have to be looked through. */
  add(sweeps: Iterable<Sweep>): void {
    for (const sweep of sweeps) this.#due.set(sweep.affinity.id, sweep);
  }

  /** True while there are maps to be looked through. */
  get isDue(): boolean {
    return this.#due.size > 0;
  }

  /** Looks through some of the maps. When it rejects, they are still to be looked through. */
  async sweep(signal?: AbortSignal): Promise<void> {
    const sweeps = [...this.#due.values()].slice(0, SWEEPS_AT_ONCE);
    await this.forget(sweeps, async ({ statements }) => {
      if (statements.length > 0) await this.#nft.apply(statements, signal);
    }, signal);
    for (const { affinity } of sweeps) this.#due.delete(affinity.id);
  }

  /**
   * Has `commit` make a transaction that begins with what the maps of `sweeps` have to forget.
   *
   * A client can lose its entry and choose anew between the moment in which a map is read and the commit: then nft refuses
   * the transaction. So `commit` is called once more, with what the maps hold by now.
   */
  async forget<Result>(
    sweeps: readonly Sweep[],
    commit: (forgetting: Forgetting) => Promise<Result>,
    signal?: AbortSignal,
  ): Promise<Result> {
    const first = await this.#forgetting(sweeps, signal);
    try {
      return await commit(first);
    } catch (error) {
      if (first.elements === 0 || !isRefusal(error)) throw error;
      return await commit(await this.#forgetting(sweeps, signal));
    }
  }

  /**
   * Reads the maps and writes the deletion of what they have to forget. It may time out at any moment, so that it is added
   * first: to delete an element that is not there fails the whole transaction.
   */
  async #forgetting(sweeps: readonly Sweep[], signal?: AbortSignal): Promise<Forgetting> {
    const list = (map: string) =>
      this.#parts.has(`map ${map}`)
        ? this.#nft.listMap(this.#family, map, signal)
        : Promise.resolve(new Map<string, string>());
    const stale: Element[] = [];
    for (const sweep of sweeps) stale.push(...await staleElements(this.#family, sweep, list));
    const write = new Statements(this.#family);
    const statements = [...write.addElements(stale), ...write.deleteElements(stale)];
    return { statements, elements: stale.length };
  }
}

/** Tells whether nft has read a transaction and found something against it. */
function isRefusal(error: unknown): boolean {
  return error instanceof NftError && error.stderr !== "";
}
