import { type Conflict, conflictAbout, describeConflict } from "../model/conflicts.ts";
import { FAMILIES, type Family } from "../model/family.ts";
import type { FrontendKey } from "../model/frontend.ts";
import type { ObjectKey } from "../model/objects.ts";
import type { Problem } from "../model/problem.ts";
import type { SyncObserver } from "./sync_observer.ts";

/** What is wrong in one family, by what it is about. */
interface Side {
  readonly problems: Map<ObjectKey, readonly Problem[]>;
  readonly conflicts: Map<FrontendKey, Conflict>;
}

/** How much is wrong in one family. */
export interface FindingCounts {
  /** Parts of objects that are not used. */
  readonly problems: number;
  /** Addresses and ports that more than one Service claims. */
  readonly conflicts: number;
}

/** Remembers what is wrong with the cluster's objects at the moment, at a cost of O(changes) a sync. */
export class StandingFindings {
  readonly #sides: Readonly<Record<Family, Side>> = { IPv4: newSide(), IPv6: newSide() };

  /** Returns what tells this about the syncs of `family`. */
  observer(family: Family): SyncObserver {
    const { problems, conflicts } = this.#sides[family];
    return {
      derived({ next, services, frontends }) {
        for (const key of services) {
          const found = next.services.get(key)?.problems ?? [];
          if (found.length > 0) problems.set(key, found);
          else problems.delete(key);
        }
        for (const key of frontends) {
          const conflict = conflictAbout(next, key);
          if (conflict !== undefined) conflicts.set(key, conflict);
          else conflicts.delete(key);
        }
      },
      synced() {},
      failed() {},
      untidy() {},
    };
  }

  /** Tells how much is wrong in `family`. */
  counts(family: Family): FindingCounts {
    const { problems, conflicts } = this.#sides[family];
    let total = 0;
    for (const found of problems.values()) total += found.length;
    return { problems: total, conflicts: conflicts.size };
  }

  /** Returns a sentence for each finding, those that both families have once, and no more than `most`. */
  list(most: number): readonly string[] {
    const sentences = new Set<string>();
    for (const sentence of this.#sentences()) {
      if (sentences.size >= most) break;
      sentences.add(sentence);
    }
    return [...sentences];
  }

  *#sentences(): Iterable<string> {
    for (const family of FAMILIES) {
      const { problems, conflicts } = this.#sides[family];
      for (const conflict of conflicts.values()) yield describeConflict(conflict);
      for (const found of problems.values()) {
        for (const { kind, object, message } of found) yield `${kind} "${object}": ${message}`;
      }
    }
  }
}

function newSide(): Side {
  return { problems: new Map(), conflicts: new Map() };
}
