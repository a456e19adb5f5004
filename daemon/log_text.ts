import type { LogLevel, LogRecord } from "@logtape/logtape";
import { type ErrorStyle, errorText, escapeUnsafe, jsonValue } from "./log_value.ts";

const LEVELS: Readonly<Record<LogLevel, string>> = {
  trace: "TRACE",
  debug: "DEBUG",
  info: "INFO ",
  warning: "WARN ",
  error: "ERROR",
  fatal: "FATAL",
};

/** A string that can stand behind `key=` without quotes, unless something in it has to be escaped. */
const BARE = /^[^\s"'=\\{}[\]]+$/;

/**
 * Formats a record for people, as one line:
 * `2026-11-21T03:53:01.123Z INFO  watch  Synced kind=Service objects=1000 error="…"`.
 *
 * A property that the message itself shows is not repeated.
 */
export function formatText(record: LogRecord, style: ErrorStyle): string {
  const time = new Date(record.timestamp).toISOString();
  const message = escapeUnsafe(messageText(record, style));
  const head = `${time} ${LEVELS[record.level]} ${loggerName(record.category)}  ${message}`;
  const pairs = Object.entries(record.properties)
    .filter(([key, value]) => value !== undefined && !shows(record, key))
    .map(([key, value]) => ` ${textValue(key, style)}=${textValue(value, style)}`);
  return `${head}${pairs.join("")}\n`;
}

/** Returns the message of `record` with the values of its placeholders. */
export function messageText(record: LogRecord, style: ErrorStyle): string {
  return record.message.map((part, index) => {
    // Even parts are the text of the message itself, odd ones the values in it.
    if (index % 2 === 0 || typeof part === "string") return String(part);
    return part instanceof Error ? errorText(part, style) : jsonValue(part, style);
  }).join("");
}

/** Names a logger by its category, without the `weir` that all of them begin with. */
export function loggerName(category: readonly string[]): string {
  const own = category[0] === "weir" && category.length > 1 ? category.slice(1) : category;
  return escapeUnsafe(own.join("."));
}

function shows(record: LogRecord, key: string): boolean {
  return typeof record.rawMessage === "string" && record.rawMessage.includes(`{${key}}`);
}

function textValue(value: unknown, style: ErrorStyle): string {
  if (value instanceof Error) return jsonValue(errorText(value, style), style);
  if (typeof value === "string" && BARE.test(value)) {
    const text = escapeUnsafe(value);
    if (text === value) return text;
  }
  return jsonValue(value, style);
}
