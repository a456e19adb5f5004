/**
 * Control characters of both sets, line separators and bidirectional overrides: with them, what an API object or a
 * program says could forge log lines or hide parts of them. Lone surrogates cannot be written as UTF-8.
 */
const UNSAFE =
  // deno-lint-ignore no-control-regex
  /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t" };

/** How much is told of an error. */
export interface ErrorStyle {
  /** Add where the error was made. */
  readonly stacks: boolean;
}

/** Escapes the characters that do not belong on a log line as JSON does. */
export function escapeUnsafe(text: string): string {
  return text.replace(
    UNSAFE,
    (unit) => SHORT[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Returns the message of `error` followed by those of its causes, separated by colons. */
export function errorText(error: unknown, { stacks }: ErrorStyle): string {
  const seen = new Set<unknown>();
  const texts: string[] = [];
  for (let at = error; at !== undefined && at !== null && !seen.has(at);) {
    seen.add(at);
    texts.push(oneError(at, stacks));
    at = at instanceof Error ? at.cause : undefined;
  }
  return texts.join(": ");
}

function oneError(error: unknown, stacks: boolean): string {
  if (!(error instanceof Error)) return String(error);
  if (stacks && error.stack !== undefined) return error.stack;
  const text = error.message === "" ? error.name : error.message;
  if (!(error instanceof AggregateError)) return text;
  return `${text} (${error.errors.map((each) => errorText(each, { stacks })).join("; ")})`;
}

/** Returns `value` as JSON text; errors become their text, and what JSON does not know becomes the nearest string. */
export function jsonValue(value: unknown, style: ErrorStyle): string {
  try {
    return escapeUnsafe(JSON.stringify(value, (_key, each) => plain(each, style)) ?? "null");
  } catch (error) {
    return JSON.stringify(
      `(cannot be shown: ${escapeUnsafe(errorText(error, { stacks: false }))})`,
    );
  }
}

function plain(value: unknown, style: ErrorStyle): unknown {
  if (value instanceof Error) return errorText(value, style);
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value];
  if (typeof value === "bigint") return String(value);
  return value;
}
