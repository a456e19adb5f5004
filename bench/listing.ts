/** What a table of nftables has in it. */
export interface Listing {
  /** The number of rules of each chain. */
  readonly chains: ReadonlyMap<string, number>;
  /** The number of elements of each named set and map. */
  readonly sets: ReadonlyMap<string, number>;
  /** The number of elements of each anonymous set and map: it is written into a rule, but a set of its own to the kernel. */
  readonly anonymous: readonly AnonymousSet[];
}

/** A set or map without a name. */
export interface AnonymousSet {
  /** The chain that it is in. */
  readonly chain: string;
  readonly elements: number;
}

/** How large a table is. */
export interface Size {
  readonly chains: number;
  readonly rules: number;
  /** Sets and maps, anonymous ones included. */
  readonly sets: number;
  readonly elements: number;
}

/** Lines in the block of a chain that are no rules. */
const NO_RULE = /^(type .* hook .*|policy .*|comment ".*"|)$/;

/** Reads the output of `nft list table`. */
export function parseListing(text: string): Listing {
  const chains = new Map<string, number>();
  const sets = new Map<string, number>();
  const anonymous: AnonymousSet[] = [];
  for (const [, what, name = "", body = ""] of text.matchAll(BLOCK)) {
    if (what !== "chain") {
      sets.set(name, countElements(/elements = \{([^}]*)\}/.exec(body)?.[1] ?? ""));
      continue;
    }
    const rules = body.split("\n").map((line) => line.trim()).filter((line) => !NO_RULE.test(line));
    chains.set(name, rules.length);
    for (const rule of rules) {
      for (const [, elements = ""] of rule.matchAll(ANONYMOUS)) {
        anonymous.push({ chain: name, elements: countElements(elements) });
      }
    }
  }
  return { chains, sets, anonymous };
}

/** Adds up what a table has. */
export function sizeOf({ chains, sets, anonymous }: Listing): Size {
  const sum = (values: Iterable<number>) => [...values].reduce((total, value) => total + value, 0);
  return {
    chains: chains.size,
    rules: sum(chains.values()),
    sets: sets.size + anonymous.length,
    elements: sum(sets.values()) + sum(anonymous.map((set) => set.elements)),
  };
}

/** A chain, set or map: its closing brace stands alone, one tab in. */
const BLOCK = /^\t(chain|set|map) (\S+) \{[^\n]*\n([\s\S]*?)^\t\}/gm;

/** Braces of a set or map in a rule, except those of `update @set { … }`. */
const ANONYMOUS = /(?<!@\S+ )\{([^}]*)\}/g;

function countElements(text: string): number {
  return text.split(",").filter((one) => one.trim() !== "").length;
}
