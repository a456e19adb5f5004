import { frontendElements } from "../backends/nftables/elements.ts";
import { endpointMap, SETS } from "../backends/nftables/names.ts";
import { type DesiredState, frontends, winner } from "../model/desired_state.ts";
import type { Frontend, FrontendKey } from "../model/frontend.ts";
import { nodePortIPs } from "../model/settings.ts";
import type { SyncObserver } from "./sync_observer.ts";

/** Frontends that are kept in mind between two reads; when more have changed, all are counted. */
const MOST_CHANGED = 10_000;

/**
 * Knows how many elements each map and set of one family holds, as far as they follow from the cluster's objects: not
 * what session affinity learns.
 *
 * A sync costs next to nothing; a read counts what has changed since the last one.
 */
export class ElementCounts {
  readonly #sizes = new Map<string, number>();
  /** What {@linkcode #sizes} is about. */
  #counted: DesiredState | undefined;
  #derived: DesiredState | undefined;
  #inForce: DesiredState | undefined;
  #changed: Set<FrontendKey> | "all" = "all";

  /** Has to be told of the syncs. */
  readonly observer: SyncObserver = {
    derived: ({ next, frontends }) => {
      this.#derived = next;
      this.#note(frontends);
    },
    synced: () => this.#inForce = this.#derived,
    failed() {},
    untidy() {},
  };

  /** Returns the number of elements by the name of the map or set. */
  read(): ReadonlyMap<string, number> {
    const [before, now] = [this.#counted, this.#inForce];
    if (now === undefined || now === before) return this.#sizes;
    if (before === undefined || this.#changed === "all") this.#countAll(now);
    else {
      for (const key of this.#changed) {
        this.#count(winner(before, key), -1);
        this.#count(winner(now, key), 1);
      }
    }
    this.#sizes.set(SETS.clusterIPs, now.clusterIPs.size);
    this.#sizes.set(SETS.hairpin, now.hairpins.size);
    this.#sizes.set(SETS.localOnly, now.localOnly.size);
    this.#sizes.set(SETS.serviceCIDRs, now.settings.serviceCIDRs.length);
    this.#sizes.set(SETS.nodePortIPs, nodePortIPs(now.settings).length);
    this.#counted = now;
    // What a failed sync wanted is not in force: it counts when it is.
    this.#changed = now === this.#derived ? new Set() : "all";
    return this.#sizes;
  }

  #note(keys: ReadonlySet<FrontendKey>): void {
    if (this.#changed === "all") return;
    if (this.#changed.size + keys.size > MOST_CHANGED) this.#changed = "all";
    else for (const key of keys) this.#changed.add(key);
  }

  #countAll(state: DesiredState): void {
    for (const name of this.#sizes.keys()) this.#sizes.set(name, 0);
    for (const frontend of frontends(state)) this.#count(frontend, 1);
  }

  #count(frontend: Frontend | undefined, step: 1 | -1): void {
    if (frontend === undefined) return;
    for (const { map } of frontendElements(frontend)) this.#add(map, step);
    for (const list of ["cluster", "local"] as const) {
      if (frontend[list].length === 0) continue;
      const kind = { protocol: frontend.protocol, nodePort: frontend.kind === "NodePort", list };
      this.#add(endpointMap(kind), step * frontend[list].length);
    }
  }

  #add(map: string, step: number): void {
    this.#sizes.set(map, (this.#sizes.get(map) ?? 0) + step);
  }
}
