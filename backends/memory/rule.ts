import type { Context } from "./context.ts";
import { type Expression, parseExpression } from "./expression.ts";
import type { Tokens } from "./tokens.ts";
import { takeVerdict, type Verdict } from "./verdict.ts";

/** What an instruction says about the rest of its rule: go on, the rule does not apply, or a verdict. */
export type Effect = "continue" | "break" | Verdict;

/** One match or statement of a rule. */
export type Instruction = (context: Context) => Effect;

/** A rule as it is written, and what it does. */
export interface Rule {
  readonly text: string;
  readonly instructions: readonly Instruction[];
}

/** Takes a rule, to the end. Throws `UnknownSyntaxError` for what is not in the tables of this folder. */
export function parseRule(tokens: Tokens): Rule {
  const text = tokens.rest();
  const instructions: Instruction[] = [];
  while (!tokens.done) instructions.push(parseInstruction(tokens));
  return { text, instructions };
}

function parseInstruction(tokens: Tokens): Instruction {
  const verdict = takeVerdict(tokens);
  if (verdict !== undefined) return () => verdict;
  const words = tokens.takeOneOf(Object.keys(STATEMENTS));
  const parse = words === undefined ? undefined : STATEMENTS[words];
  return parse?.(tokens) ?? parseMatch(tokens);
}

/** What rules do, by the words that they begin with. */
const STATEMENTS: Readonly<Record<string, (tokens: Tokens) => Instruction>> = {
  "reject": () => () => ({ kind: "reject" }),
  "masquerade fully-random": () => (context) => {
    context.masquerade();
    return { kind: "accept" };
  },
  "meta mark set": (tokens) => {
    const mark = parseExpression(tokens);
    return (context) => {
      const [value] = mark.read(context) ?? [];
      if (value === undefined) return "break";
      context.setMark(Number(value));
      return "continue";
    };
  },
  "dnat ip to": parseTranslation,
  "dnat ip6 to": parseTranslation,
  "update": parseUpdate,
};

/** Takes the address and port to translate to: out of one map, or out of two with `:` between them. */
function parseTranslation(tokens: Tokens): Instruction {
  const parts = [parseExpression(tokens)];
  if (tokens.take(":")) parts.push(parseExpression(tokens));
  return (context) => {
    const values = parts.map((part) => part.read(context));
    const [address, port] = values.flatMap((value) => value ?? []);
    if (address === undefined || port === undefined) return "break";
    context.translate(address, Number(port));
    return { kind: "accept" };
  };
}

/** Takes `@MAP { KEY timeout 10s : VALUE }`, or the same without a value for a set. There is always room. */
function parseUpdate(tokens: Tokens): Instruction {
  const map = tokens.reference();
  tokens.expect("{");
  const key = parseExpression(tokens);
  tokens.expect("timeout");
  const seconds = Number(/^(\d+)s$/.exec(tokens.peek())?.[1] ?? NaN);
  if (Number.isNaN(seconds)) tokens.unknown(`has "${tokens.peek()}" where seconds are known`);
  tokens.next();
  const value = tokens.take(":") ? parseExpression(tokens) : undefined;
  tokens.expect("}");
  return (context) => {
    const [from, to] = [key.read(context), value?.read(context)];
    if (from === undefined || (value !== undefined && to === undefined)) return "break";
    context.learn({ map, key: from, value: to, seconds });
    return "continue";
  };
}

/** Takes `EXPRESSION [!=] @SET`, `EXPRESSION [==|!=] LITERAL`, or `EXPRESSION vmap @MAP`. */
function parseMatch(tokens: Tokens): Instruction {
  const left = parseExpression(tokens);
  if (tokens.take("vmap")) return lookUpVerdict(left, tokens.reference());
  const wanted = tokens.takeOneOf(["==", "!="]) !== "!=";
  const accepts = parseRightSide(tokens, left);
  return (context) => {
    const values = left.read(context);
    return values !== undefined && accepts(context, values) === wanted ? "continue" : "break";
  };
}

function lookUpVerdict(key: Expression, map: string): Instruction {
  return (context) => {
    const values = key.read(context);
    return (values && context.find(map, values)?.verdict) ?? "break";
  };
}

function parseRightSide(
  tokens: Tokens,
  { types }: Expression,
): (context: Context, values: readonly string[]) => boolean {
  const set = tokens.takeReference();
  if (set !== undefined) return (context, values) => context.find(set, values) !== undefined;
  const [type, ...more] = types;
  if (type === undefined || more.length > 0) tokens.unknown("compares several values with one");
  const literal = tokens.next();
  const pattern = type.canonical(literal) ??
    tokens.unknown(`has "${literal}", which is no ${type.name}`);
  return (_, [value]) => value !== undefined && type.matches(pattern, value);
}
