import type { Tokens } from "./tokens.ts";

/** What ends the work of a rule: the end of the packet's way, or another chain. */
export type Verdict =
  | { readonly kind: "drop" | "reject" | "accept" | "return" }
  | { readonly kind: "jump" | "goto"; readonly chain: string };

/** Takes a verdict if one is next; `reject` is a statement of rules and no verdict for elements. */
export function takeVerdict(tokens: Tokens): Verdict | undefined {
  const kind = tokens.peek();
  switch (kind) {
    case "drop":
    case "accept":
    case "return":
      tokens.next();
      return { kind };
    case "jump":
    case "goto":
      tokens.next();
      return { kind, chain: tokens.next() };
    default:
      return undefined;
  }
}
