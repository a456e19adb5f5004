import type { Command as Program } from "commander";
import { parseQuestion, type Question } from "../daemon/explain/question.ts";
import { UsageError } from "./usage_error.ts";

/** What `weir explain` was asked. */
export interface ExplainRequest {
  /** As it was typed, and checked. */
  readonly target: string;
  readonly from: string | undefined;
  readonly question: Question;
  readonly output: "text" | "json";
}

const USAGE =
  "Usage: weir explain ADDRESS:PORT[/udp|/sctp] [--from pod|node|outside|IP] [--output json]\n" +
  "       weir explain NAMESPACE/NAME[:PORT] …";

/** Reads what commander took for `weir explain`. Throws {@linkcode UsageError} when it is no question. */
export function readExplainRequest(program: Program): ExplainRequest {
  const [target = ""] = program.args;
  const { from, output = "text" } = program.opts<{ from?: string; output?: string }>();
  if (output !== "text" && output !== "json") {
    throw new UsageError(`Cannot write "${output}": --output is text or json`, USAGE);
  }
  try {
    return { target, from, question: parseQuestion(target, from), output };
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(error.message, USAGE);
    throw error;
  }
}
