import type { Context } from "./context.ts";
import type { DataType } from "./data_type.ts";
import { parseSelectors, type Selector } from "./selectors.ts";
import type { Tokens } from "./tokens.ts";

/** Something that a rule computes of a packet: one value, or several that are concatenated. */
export interface Expression {
  /** The types of its values; empty for what comes out of a map. */
  readonly types: readonly DataType[];
  /** Returns the values; undefined when the packet has none, and then the rule does not apply. */
  read(context: Context): readonly string[] | undefined;
}

/** Takes `A . B …`, `A & NUMBER` (also `|` and `^`), and either followed by `map @NAME`. */
export function parseExpression(tokens: Tokens): Expression {
  const selectors = parseSelectors(tokens);
  const plain: Expression = {
    types: selectors.map(({ type }) => type),
    read: (context) => readAll(selectors, context),
  };
  const computed = parseBits(tokens, plain);
  if (!tokens.take("map")) return computed;
  const map = tokens.reference();
  return {
    types: [],
    read(context) {
      const key = computed.read(context);
      return key && context.find(map, key)?.data;
    },
  };
}

/** What can be done with the bits of a mark. */
const BIT_OPERATORS: Readonly<Record<string, (a: number, b: number) => number>> = {
  "&": (a, b) => a & b,
  "|": (a, b) => a | b,
  "^": (a, b) => a ^ b,
};

function parseBits(tokens: Tokens, operand: Expression): Expression {
  const operator = tokens.takeOneOf(Object.keys(BIT_OPERATORS));
  if (operator === undefined) return operand;
  const number = tokens.number();
  return {
    types: operand.types,
    read: (context) =>
      operand.read(context)?.map((value) =>
        `${(BIT_OPERATORS[operator]?.(Number(value), number) ?? 0) >>> 0}`
      ),
  };
}

function readAll(selectors: readonly Selector[], context: Context): readonly string[] | undefined {
  const values: string[] = [];
  for (const selector of selectors) {
    const value = selector.read(context);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}
