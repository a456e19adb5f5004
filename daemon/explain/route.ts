import { isLoopback, normaliseAddress } from "../../model/address.ts";
import { type Handler, jsonText, plainText } from "../http_routes.ts";
import type { AnswerSources } from "./answer.ts";

/** The path of {@linkcode explainRoute} on the metrics server. */
export const EXPLAIN_PATH = "/debug/explain";

/**
 * Returns the handler that explains `?target=10.96.0.10:80&from=pod&output=json`; `from` and `output` may be left out.
 *
 * Only for clients on this node, whatever address the server has: an answer makes weir start nft, and says more of the
 * cluster than metrics do. What it takes is imported with the first question: it does not count at start.
 */
export function explainRoute(sources: () => AnswerSources): Handler {
  return async (request, client) => {
    if (!isOwn(client, sources())) return plainText("Only for clients on this node\n", 403);
    const { searchParams } = new URL(request.url);
    const target = searchParams.get("target") ?? "";
    const [{ parseQuestion }, { answer }, { formatAnswer }] = await Promise.all([
      import("./question.ts"),
      import("./answer.ts"),
      import("./text.ts"),
    ]);
    let question;
    try {
      question = parseQuestion(target, searchParams.get("from") ?? undefined);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
      return plainText(`${error.message}\n`, 400);
    }
    const found = await answer(question, sources());
    return searchParams.get("output") === "json"
      ? jsonText(`${JSON.stringify(found, undefined, 2)}\n`)
      : plainText(formatAnswer(found));
  };
}

function isOwn({ hostname }: Deno.NetAddr, { states }: AnswerSources): boolean {
  const address = normaliseAddress(hostname);
  if (address === undefined) return false;
  return isLoopback(address) ||
    states.some(({ settings }) => settings.localAddresses.includes(address));
}
