import type { LogRecord } from "@logtape/logtape";
import { loggerName, messageText } from "./log_text.ts";
import { type ErrorStyle, jsonValue } from "./log_value.ts";

const RESERVED: ReadonlySet<string> = new Set(["ts", "level", "logger", "msg"]);

/**
 * Formats a record for programs, as one line of JSON:
 * `{"ts":"2026-11-21T03:53:01.123Z","level":"info","logger":"watch","msg":"Synced","kind":"Service"}`.
 *
 * A property with the name of one of the four fixed members gets an underscore behind its name.
 */
export function formatJson(record: LogRecord, style: ErrorStyle): string {
  const properties = Object.entries(record.properties)
    .map(([key, value]) => [RESERVED.has(key) ? `${key}_` : key, value]);
  const line = {
    ts: new Date(record.timestamp).toISOString(),
    level: record.level,
    logger: loggerName(record.category),
    msg: messageText(record, style),
    ...Object.fromEntries(properties),
  };
  return `${jsonValue(line, style)}\n`;
}
