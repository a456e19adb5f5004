import type { Clock } from "../../model/clock.ts";
import type { Family } from "../../model/family.ts";
import type { LiveTable } from "../nftables/full_script.ts";
import { nftFamily, TABLE } from "../nftables/names.ts";
import { type Nft, parseLiveTable } from "../nftables/nft.ts";
import { elementsOf } from "./elements.ts";
import { evaluate, type Evaluation, type Node, type Packet, type Path } from "./evaluate.ts";
import { EMPTY_RULESET, expireRuleset, learned, type Ruleset, type TableKey } from "./ruleset.ts";
import { runScript } from "./transaction.ts";

/**
 * An nftables without a kernel: it takes the scripts that nft takes, refuses what nft and the kernel refuse, and tells
 * what becomes of packets.
 *
 * It knows the part of nft's language that weir writes, and throws `UnknownSyntaxError` for the rest.
 *
 * @example
 * ```ts
 * const nft = new MemoryNft({ clock: systemClock });
 * await nft.apply(fullScript(state));
 * const packet = { protocol: "TCP", source: "10.244.1.5", destination: "10.96.0.10", port: 80, ingress: "veth1" } as const;
 * nft.evaluate(packet, { localAddresses: ["192.0.2.10"] }).verdict; // "translated"
 * ```
 */
export class MemoryNft implements Nft {
  readonly #clock: Clock;
  #ruleset: Ruleset = EMPTY_RULESET;

  constructor({ clock }: { readonly clock: Clock }) {
    this.#clock = clock;
  }

  /** What is in force now. It never changes: what happens next makes another one. */
  get ruleset(): Ruleset {
    return expireRuleset(this.#ruleset, this.#clock.monotonic());
  }

  // deno-lint-ignore require-await -- the seam is asynchronous: a refusal must reject
  async apply(script: Iterable<string>, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.#ruleset = runScript(this.ruleset, [...script].join(""));
  }

  // deno-lint-ignore require-await -- see above
  async inspect(family: Family, signal?: AbortSignal): Promise<LiveTable> {
    signal?.throwIfAborted();
    return parseLiveTable(chainListing(this.#ruleset), family);
  }

  // deno-lint-ignore require-await -- see above
  async listMap(
    family: Family,
    map: string,
    signal?: AbortSignal,
  ): Promise<ReadonlyMap<string, string>> {
    signal?.throwIfAborted();
    const collection = this.ruleset.get(keyOf(family))?.collections.get(map);
    const elements = collection === undefined ? [] : [...elementsOf(collection)];
    return new Map(elements.map(({ key, data }) => [key.join(" . "), data?.join(" . ") ?? ""]));
  }

  // deno-lint-ignore require-await -- see above
  async listSet(family: Family, set: string, signal?: AbortSignal): Promise<readonly string[]> {
    signal?.throwIfAborted();
    const collection = this.ruleset.get(keyOf(family))?.collections.get(set);
    return collection === undefined
      ? []
      : [...elementsOf(collection)].map(({ key }) => key.join(" . "));
  }

  /** Tells what becomes of the first packet of a connection. */
  evaluate(packet: Packet, node: Node): Evaluation {
    return evaluate(this.ruleset, packet, node);
  }

  /** Makes the entries that a packet leaves behind on its way: session affinity lives on them. */
  follow({ lessons }: Path, family: Family): void {
    const now = this.#clock.monotonic();
    this.#ruleset = lessons.reduce(
      (ruleset, lesson) => learned(ruleset, keyOf(family), lesson, now),
      this.ruleset,
    );
  }
}

/** Writes what `nft list chains` prints. */
function chainListing(ruleset: Ruleset): string {
  return [...ruleset].map(([key, { chains }]) => {
    const blocks = [...chains].map(([name, { base }]) => {
      const header = base === undefined
        ? ""
        : `\t\ttype ${base.type} hook ${base.hook}; policy accept;\n`;
      return `\tchain ${name} {\n${header}\t}\n`;
    });
    return `table ${key} {\n${blocks.join("")}}\n`;
  }).join("");
}

function keyOf(family: Family): TableKey {
  return `${nftFamily(family)} ${TABLE}`;
}
