import { type Collection, NO_ELEMENTS } from "./elements.ts";
import type { Base, Hook } from "./ruleset.ts";
import { parseSelectors } from "./selectors.ts";
import { Tokens } from "./tokens.ts";

/** Returns an empty set or map as `typeof KEY [: VALUE] ; flags … ; size …` declares it. */
export function declareCollection(name: string, body: string): Collection {
  const tokens = new Tokens(body);
  tokens.expect("typeof");
  const keyTypes = parseSelectors(tokens).map(({ type }) => type);
  const { holds, dataTypes } = parseValueType(tokens);
  const [, flags = ""] = / flags ([^;]*)/.exec(body) ?? [];
  const hasRanges = /\binterval\b/.test(flags);
  const canExpire = /\btimeout\b/.test(flags);
  return { name, body, keyTypes, holds, dataTypes, hasRanges, canExpire, buckets: NO_ELEMENTS };
}

function parseValueType(tokens: Tokens): Pick<Collection, "holds" | "dataTypes"> {
  if (!tokens.take(":")) return { holds: "keys", dataTypes: [] };
  if (tokens.take("verdict")) return { holds: "verdicts", dataTypes: [] };
  return { holds: "data", dataTypes: parseSelectors(tokens).map(({ type }) => type) };
}

/** Takes `{ type filter hook input priority 0 ; }`. */
export function parseBase(tokens: Tokens): Base {
  const body = takeBraced(tokens);
  const [, type, hook, priority] = /^type (filter|nat) hook ([a-z]+) priority (-?\d+) ;$/
    .exec(body) ?? [];
  if (hook === undefined) tokens.unknown(`has "${body}" where a hook is known`);
  return { type: type as Base["type"], hook: hook as Hook, priority: Number(priority) };
}

/** Tells whether two chains are entered alike. */
export function sameBase(a: Base, b: Base | undefined): boolean {
  return a.type === b?.type && a.hook === b.hook && a.priority === b.priority;
}

/** Takes everything between braces. */
export function takeBraced(tokens: Tokens): string {
  tokens.expect("{");
  const words: string[] = [];
  while (tokens.peek() !== "}") words.push(tokens.next());
  tokens.expect("}");
  return words.join(" ");
}
