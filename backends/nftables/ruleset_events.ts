import { FAMILIES, type Family } from "../../model/family.ts";
import { nftFamily, TABLE } from "./names.ts";

/** Who committed a transaction, by the numbers and names of the host: a container knows its own processes by others. */
export interface Committer {
  readonly pid: number;
  /** The first 15 characters of the program's name, e.g. `nft`, `firewalld`, `iptables-nft-re`. */
  readonly name: string;
}

/** What `nft monitor` tells, as far as weir's tables are concerned. */
export type RulesetNews =
  /** It begins to listen. `present` are the families that had a table of weir's just before. */
  | { readonly kind: "listening"; readonly present: ReadonlySet<Family> }
  /** A transaction was committed that touched tables of weir's. `what` is for people, e.g. `2 x delete rule`. */
  | {
    readonly kind: "committed";
    readonly what: ReadonlyMap<Family, string>;
    readonly by: Committer | undefined;
  }
  /** The kernel had more to tell than it could hold for the listener. */
  | { readonly kind: "lost" };

/**
 * The arguments that make `nft` tell of every transaction, one line for each object and one at the end.
 *
 * `monitor` alone keeps a copy of every element: 187 to 209 MB for 120,000. The listing that comes before it is `--terse`,
 * so that the copy begins without elements, and `--echo` keeps them out of it: 5 MB. Only a monitor of everything tells
 * where a transaction ends and who committed it. `describe` says that the listing is over, also when it is empty.
 */
export const MONITOR: readonly string[] = [
  "--echo",
  "--terse",
  "list ruleset; describe tcp dport; monitor",
];

/** Kinds of changes that are named to people; a transaction has few. */
const MOST_KINDS = 6;

const DESCRIPTION = "payload expression, datatype ";
const LOST = "# ERROR: We lost some netlink events";
const GENERATION = /^# new generation \d+(?: by process (\d+) \((.*)\))?$/;
const CHANGE = new RegExp(`^([a-z]+ (?:ct )?[a-z]+) (ip6?) ${TABLE}(?: |$)`);

/** Reads the output of `nft` with the arguments {@linkcode MONITOR}, line by line. */
export class RulesetReader {
  readonly #take: (news: RulesetNews) => void;
  /** Families that the listing has; undefined when it is over. */
  #present: Set<Family> | undefined = new Set();
  #changes = new Map<Family, Map<string, number>>();
  /** True while the rest of a transaction comes of which the beginning is lost. */
  #isPartial = false;

  constructor(take: (news: RulesetNews) => void) {
    this.#take = take;
  }

  /** Takes the next line, without its end. */
  line(line: string): void {
    if (this.#present !== undefined) this.#listed(line, this.#present);
    else if (line.startsWith("#")) this.#remark(line);
    else this.#changed(line);
  }

  #listed(line: string, present: Set<Family>): void {
    if (line.startsWith(DESCRIPTION)) {
      this.#present = undefined;
      this.#take({ kind: "listening", present });
      return;
    }
    const family = FAMILIES.find((one) => line.startsWith(`table ${nftFamily(one)} ${TABLE} {`));
    if (family !== undefined) present.add(family);
  }

  #changed(line: string): void {
    const [, kind, family] = CHANGE.exec(line) ?? [];
    if (kind === undefined) return;
    const counts = this.#changesOf(family === "ip6" ? "IPv6" : "IPv4");
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }

  #remark(line: string): void {
    if (line.startsWith(LOST)) {
      this.#isPartial = true;
      this.#take({ kind: "lost" });
      return;
    }
    const generation = GENERATION.exec(line);
    if (generation === null) return;
    const what = new Map([...this.#changes].map(([family, counts]) => [family, summary(counts)]));
    const isWhole = !this.#isPartial;
    this.#changes = new Map();
    this.#isPartial = false;
    if (!isWhole || what.size === 0) return;
    const [, pid, name] = generation;
    const by = pid === undefined ? undefined : { pid: Number(pid), name: name ?? "" };
    this.#take({ kind: "committed", what, by });
  }

  #changesOf(family: Family): Map<string, number> {
    let counts = this.#changes.get(family);
    if (counts === undefined) this.#changes.set(family, counts = new Map());
    return counts;
  }
}

function summary(counts: ReadonlyMap<string, number>): string {
  const kinds = [...counts].map(([kind, count]) => count === 1 ? kind : `${count} x ${kind}`);
  return [...kinds.slice(0, MOST_KINDS), ...kinds.length > MOST_KINDS ? ["…"] : []].join(", ");
}
