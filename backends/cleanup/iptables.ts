import { CHAINS, type IptablesTable, JUMPS } from "./kube_proxy_names.ts";

/** How to remove kube-proxy's chains of one family. */
export interface IptablesPlan {
  /** The input of `iptables-restore --noflush`, a transaction for each table; empty when there is nothing to remove. */
  readonly script: string;
  /** How many chains it removes, and how many rules that lead to them from others. */
  readonly chains: number;
  readonly jumps: number;
  /** Chains that stay, because of a rule that is not kube-proxy's. */
  readonly kept: readonly KeptChain[];
}

/** A chain of kube-proxy's that stays. */
export interface KeptChain {
  readonly table: string;
  readonly chain: string;
  /** The rule that leads to it, as `iptables-save` writes it. */
  readonly rule: string;
}

/** A table in the output of `iptables-save`. */
interface SavedTable {
  readonly name: IptablesTable;
  readonly chains: readonly string[];
  readonly rules: readonly string[];
}

interface TablePlan {
  readonly table: string;
  readonly chains: readonly string[];
  readonly jumps: readonly string[];
  readonly kept: readonly KeptChain[];
}

/**
 * Plans the removal of everything that kube-proxy's iptables and ipvs modes left, from the output of `iptables-save`.
 *
 * Nothing else is touched. A chain to which another's rule leads cannot go without breaking that rule: it stays, with
 * the chains that it leads to.
 */
export function planIptables(save: string): IptablesPlan {
  const plans = savedTables(save).map(planTable);
  return {
    script: plans.map(scriptOf).join(""),
    chains: sum(plans.map((plan) => plan.chains.length)),
    jumps: sum(plans.map((plan) => plan.jumps.length)),
    kept: plans.flatMap((plan) => plan.kept),
  };
}

/** Reads the tables in which kube-proxy may have chains. */
function savedTables(save: string): readonly SavedTable[] {
  const tables: (SavedTable & { chains: string[]; rules: string[] })[] = [];
  let current: typeof tables[number] | undefined;
  for (const line of save.split("\n")) {
    if (line.startsWith("*")) {
      const name = line.slice(1).trim();
      current = isKnown(name) ? { name, chains: [], rules: [] } : undefined;
      if (current !== undefined) tables.push(current);
    } else if (line.startsWith(":")) current?.chains.push(line.slice(1).split(" ")[0] ?? "");
    else if (line.startsWith("-A ")) current?.rules.push(line);
  }
  return tables;
}

function isKnown(table: string): table is IptablesTable {
  return Object.hasOwn(CHAINS, table);
}

function planTable({ name: table, chains, rules }: SavedTable): TablePlan {
  const own = new Set(chains.filter((chain) => isOwn(table, chain)));
  const ownJumps = jumpRules(table);
  const jumps: string[] = [];
  const within: string[] = [];
  const kept = new Map<string, KeptChain>();
  for (const rule of rules) {
    if (own.has(chainOf(rule))) within.push(rule);
    else if (ownJumps.has(rule)) jumps.push(rule);
    else keep(kept, own, table, rule);
  }
  keepReachable(kept, own, table, within);
  return {
    table,
    chains: [...own].filter((chain) => !kept.has(chain)),
    jumps,
    kept: [...kept.values()],
  };
}

function isOwn(table: IptablesTable, chain: string): boolean {
  const { exact, prefixes } = CHAINS[table];
  return exact.has(chain) || prefixes.some((prefix) => chain.startsWith(prefix));
}

/** Returns kube-proxy's jumps in a table as `iptables-save` writes them. */
function jumpRules(table: IptablesTable): ReadonlySet<string> {
  const rules = JUMPS.filter((jump) => jump.table === table).flatMap((jump) =>
    jump.from.map((from) => {
      const condition = jump.onlyNew ? " -m conntrack --ctstate NEW" : "";
      return `-A ${from}${condition} -m comment --comment "${jump.comment}" -j ${jump.to}`;
    })
  );
  return new Set(rules);
}

/** Adds to `kept` everything that the rules within kept chains lead to. */
function keepReachable(
  kept: Map<string, KeptChain>,
  own: ReadonlySet<string>,
  table: string,
  within: readonly string[],
): void {
  let before = -1;
  while (kept.size > 0 && kept.size !== before) {
    before = kept.size;
    for (const rule of within) if (kept.has(chainOf(rule))) keep(kept, own, table, rule);
  }
}

/** Keeps the chain that `rule` leads to, if it is one of kube-proxy's. */
function keep(
  kept: Map<string, KeptChain>,
  own: ReadonlySet<string>,
  table: string,
  rule: string,
): void {
  const chain = targetOf(rule);
  if (chain !== undefined && own.has(chain) && !kept.has(chain)) {
    kept.set(chain, { table, chain, rule });
  }
}

/** Returns the chain that a rule is in. */
function chainOf(rule: string): string {
  return rule.split(" ", 2)[1] ?? "";
}

/** Returns where a rule leads. What stands in quotes is a comment or a prefix for a log, and may look like a target. */
function targetOf(rule: string): string | undefined {
  const unquoted = rule.replace(/"(?:[^"\\]|\\.)*"/g, '""');
  return / -[jg] (\S+)/.exec(unquoted)?.[1];
}

/** Writes a table's transaction. Declaring a chain empties it, so that none leads to another when they are deleted. */
function scriptOf({ table, chains, jumps }: TablePlan): string {
  if (chains.length === 0 && jumps.length === 0) return "";
  const lines = [
    `*${table}`,
    ...chains.map((chain) => `:${chain} - [0:0]`),
    ...jumps.map((rule) => rule.replace("-A", "-D")),
    ...chains.map((chain) => `-X ${chain}`),
    "COMMIT",
  ];
  return lines.map((line) => `${line}\n`).join("");
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
