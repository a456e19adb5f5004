/** A statement of a script, and the line at which it begins. */
export interface Statement {
  readonly text: string;
  /** Counted from 1. */
  readonly line: number;
}

/** Splits a script into its statements: a line each, or as many lines as its braces need. Comments are left out. */
export function* statementsIn(script: string): Iterable<Statement> {
  let open: { lines: string[]; line: number; depth: number } | undefined;
  let line = 0;
  for (const text of script.split("\n")) {
    line++;
    if (open === undefined && /^\s*(#|$)/.test(text)) continue;
    open ??= { lines: [], line, depth: 0 };
    open.lines.push(text);
    open.depth += depthOf(text);
    if (open.depth > 0) continue;
    yield { text: open.lines.join("\n"), line: open.line };
    open = undefined;
  }
  if (open !== undefined) yield { text: open.lines.join("\n"), line: open.line };
}

/** Returns how many braces a line opens more than it closes; those in quotes do not count. */
function depthOf(line: string): number {
  if (!line.includes("{") && !line.includes("}")) return 0;
  const bare = line.replace(/"[^"]*"/g, "");
  return bare.split("{").length - bare.split("}").length;
}
