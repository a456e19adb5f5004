import type { ProcessResult } from "../process.ts";

/** nft refused a transaction, or did not answer: nothing of it is in force. */
export class NftError extends Error {
  override readonly name = "NftError";
  /** What nft printed. */
  readonly stderr: string;
  /** The line of the script that nft points at, where it points at one. */
  readonly line: string | undefined;

  constructor(message: string, facts: { stderr?: string; line?: string; cause?: unknown } = {}) {
    super(message, facts.cause === undefined ? {} : { cause: facts.cause });
    this.stderr = facts.stderr ?? "";
    this.line = facts.line;
  }
}

/** Long lines are shortened in messages; {@linkcode NftError.stderr} has all of it. */
const SHOWN = 160;

/** Exit codes above this one stand for signals. */
const SIGNALLED = 128;
const SIGKILL = 9;

/** Turns the result of a failed nft into an error that names the failing line and nft's reason. */
export function nftFailure(
  action: string,
  result: ProcessResult,
  timeoutMs: number,
): NftError {
  const { stderr } = result;
  if (result.timedOut) {
    return new NftError(
      `Cannot ${action}: nft gave no answer within ${timeoutMs / 1000} s and was killed`,
      { stderr },
    );
  }
  const found = /^[^\n]*?:(\d+):\d+(?:-\d+)?: (?:Error: )?([^\n]*)(?:\n([^\n]*))?/m.exec(stderr);
  if (stderr === "" && result.code > SIGNALLED) {
    const signal = result.code - SIGNALLED;
    const why = signal === SIGKILL ? ", as happens when memory runs out" : "";
    return new NftError(`Cannot ${action}: nft was ended by signal ${signal}${why}`);
  }
  if (found === null) {
    const [reason, place] = inSession(stderr) ?? [`nothing, exit code ${result.code}`];
    const at = place === undefined ? "" : ` at "${shorten(place)}"`;
    return new NftError(`Cannot ${action}: nft says "${shorten(reason)}"${at}`, { stderr });
  }
  const [, number, reason = "", line = ""] = found;
  const text = line.trim();
  return new NftError(
    `Cannot ${action}: nft says "${shorten(reason)}" at line ${number}: "${shorten(text)}"`,
    { stderr, line: text },
  );
}

/** Reads a message that names no line: the reason, and the words that nft points at with carets. */
function inSession(stderr: string): readonly [reason: string, place?: string] | undefined {
  const match = /^(?:Error: )?([^\n]+)(?:\n([^\n]+)\n( *)(\^+))?/.exec(stderr.trim());
  if (match === null) return undefined;
  const [, reason = "", line, indent, carets] = match;
  if (line === undefined || indent === undefined || carets === undefined) return [reason];
  return [reason, line.slice(indent.length, indent.length + carets.length)];
}

function shorten(text: string): string {
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)}…`;
}
