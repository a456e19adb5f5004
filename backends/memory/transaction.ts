import { nftFailure } from "../nftables/nft_error.ts";
import {
  addElements,
  type Collection,
  deleteElements,
  flushElements,
  parseElements,
  Refusal,
} from "./elements.ts";
import { declareCollection, parseBase, sameBase, takeBraced } from "./declaration.ts";
import { parseRule } from "./rule.ts";
import {
  type Chain,
  chainsNamedIn,
  collectionsNamedIn,
  EMPTY_TABLE,
  isChainUsed,
  isCollectionUsed,
  type Ruleset,
  type Table,
  type TableKey,
} from "./ruleset.ts";
import { type Statement, statementsIn } from "./statement.ts";
import { Tokens } from "./tokens.ts";

/**
 * Runs a script as one transaction and returns the ruleset after it; the one before it stays as it is.
 *
 * Throws `NftError` for what nft or the kernel would refuse, and `UnknownSyntaxError` for what this program never
 * says. Two things are not looked for: chains that lead to each other in a circle, and statements in chains of a type in
 * which the kernel does not allow them.
 */
export function runScript(ruleset: Ruleset, script: string): Ruleset {
  let next = ruleset;
  for (const statement of statementsIn(script)) {
    try {
      next = run(next, statement);
    } catch (error) {
      throw error instanceof Refusal ? failureOf(statement, error) : error;
    }
  }
  return next;
}

function failureOf({ line, text }: Statement, { message }: Refusal): Error {
  const reason = message.startsWith("interval") ? message : `Could not process rule: ${message}`;
  const stderr = `/dev/stdin:${line}:1-${text.length}: Error: ${reason}\n${text}\n`;
  const result = { code: 1, stdout: "", stderr, timedOut: false };
  return nftFailure("apply a transaction", result, 0);
}

function run(ruleset: Ruleset, { text }: Statement): Ruleset {
  const tokens = new Tokens(text);
  const words = tokens.takeOneOf(Object.keys(OPERATIONS)) ?? tokens.unknown("is not known");
  const key = `${tokens.next()} ${tokens.next()}`;
  const after = OPERATIONS[words]?.({ ruleset, key, tokens }) ?? ruleset;
  if (!tokens.done) tokens.unknown(`goes on with "${tokens.peek()}"`);
  return after;
}

/** What an operation is given: its table, and all that follows it. */
interface Order {
  readonly ruleset: Ruleset;
  readonly key: TableKey;
  readonly tokens: Tokens;
}

/** What scripts do, by the words that they begin with. */
const OPERATIONS: Readonly<Record<string, (order: Order) => Ruleset>> = {
  "add table": ({ ruleset, key }) => ruleset.has(key) ? ruleset : ruleset.set(key, EMPTY_TABLE),
  "delete table": ({ ruleset, key }) => ruleset.has(key) ? ruleset.delete(key) : refuseMissing(),
  "add set": addCollection,
  "add map": addCollection,
  "flush set": (order) => changeCollection(order, flushElements),
  "flush map": (order) => changeCollection(order, flushElements),
  "delete set": deleteCollection,
  "delete map": deleteCollection,
  "add chain": addChain,
  "flush chain": (order) => changeChain(order, (chain) => ({ ...chain, rules: [] })),
  "delete chain": deleteChain,
  "add rule": addRule,
  "add element": (order) =>
    changeCollection(order, (collection, table) => {
      const elements = [...parseElements(order.tokens, collection)];
      for (const { verdict } of elements) {
        if (verdict && "chain" in verdict) refuseUnlessJumpable(table, verdict.chain);
      }
      return addElements(collection, elements);
    }),
  "delete element": (order) =>
    changeCollection(
      order,
      (collection) => deleteElements(collection, parseElements(order.tokens, collection)),
    ),
};

function addCollection(order: Order): Ruleset {
  const { tokens } = order;
  const name = tokens.next();
  const body = takeBraced(tokens);
  return changeTable(order, (table) => {
    const present = table.collections.get(name);
    if (present?.body === body) return table;
    if (present !== undefined) throw new Refusal("File exists");
    const declared = declareCollection(name, body);
    return { ...table, collections: table.collections.set(name, declared) };
  });
}

function deleteCollection(order: Order): Ruleset {
  const name = order.tokens.next();
  return changeTable(order, (table) => {
    if (!table.collections.has(name)) refuseMissing();
    if (isCollectionUsed(table, name)) throw new Refusal("Device or resource busy");
    return { ...table, collections: table.collections.delete(name) };
  });
}

function addChain(order: Order): Ruleset {
  const { tokens } = order;
  const name = tokens.next();
  const base = tokens.done ? undefined : parseBase(tokens);
  return changeTable(order, (table) => {
    const present = table.chains.get(name);
    if (present === undefined) {
      return { ...table, chains: table.chains.set(name, { name, base, rules: [] }) };
    }
    if (base === undefined || sameBase(base, present.base)) return table;
    throw new Refusal(present.base === undefined ? "File exists" : "Operation not supported");
  });
}

function deleteChain(order: Order): Ruleset {
  const name = order.tokens.next();
  return changeTable(order, (table) => {
    if (!table.chains.has(name)) refuseMissing();
    if (isChainUsed(table, name)) throw new Refusal("Device or resource busy");
    return { ...table, chains: table.chains.delete(name) };
  });
}

function addRule(order: Order): Ruleset {
  return changeChain(order, (chain, table) => {
    const rule = parseRule(order.tokens);
    for (const name of chainsNamedIn(rule)) refuseUnlessJumpable(table, name);
    for (const name of collectionsNamedIn(rule)) {
      if (!table.collections.has(name)) refuseMissing();
    }
    return { ...chain, rules: [...chain.rules, rule] };
  });
}

function changeTable({ ruleset, key }: Order, change: (table: Table) => Table): Ruleset {
  return ruleset.set(key, change(ruleset.get(key) ?? refuseMissing()));
}

function changeChain(order: Order, change: (chain: Chain, table: Table) => Chain): Ruleset {
  const name = order.tokens.next();
  return changeTable(order, (table) => {
    const chain = change(table.chains.get(name) ?? refuseMissing(), table);
    return { ...table, chains: table.chains.set(name, chain) };
  });
}

function changeCollection(
  order: Order,
  change: (collection: Collection, table: Table) => Collection,
): Ruleset {
  const name = order.tokens.next();
  return changeTable(order, (table) => {
    const collection = change(table.collections.get(name) ?? refuseMissing(), table);
    return { ...table, collections: table.collections.set(name, collection) };
  });
}

function refuseUnlessJumpable({ chains }: Table, name: string): void {
  const chain = chains.get(name) ?? refuseMissing();
  if (chain.base !== undefined) throw new Refusal("Operation not supported");
}

function refuseMissing(): never {
  throw new Refusal("No such file or directory");
}
