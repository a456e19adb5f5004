import { deepEqual, equal } from "node:assert/strict";
import type { LogLevel, LogRecord } from "@logtape/logtape";
import { formatJson } from "../../daemon/log_json.ts";
import { formatText } from "../../daemon/log_text.ts";

const style = { stacks: false };
const time = "2026-11-21T03:53:01.123Z";

function record(
  rawMessage: string,
  properties: Record<string, unknown> = {},
  level: LogLevel = "info",
): LogRecord {
  const message = rawMessage.split(/\{(\w+)\}/).map((part, i) => i % 2 ? properties[part] : part);
  return {
    category: ["weir", "watch"],
    level,
    message,
    rawMessage,
    properties,
    timestamp: Date.parse(time),
  };
}

interface Case {
  readonly name: string;
  readonly given: LogRecord;
  /** What stands after the time. */
  readonly text: string;
  /** What stands after the time stamp. */
  readonly json: Record<string, unknown>;
}

const cases: Case[] = [
  {
    name: "a message alone",
    given: record("Synced"),
    text: "INFO  watch  Synced",
    json: { level: "info", logger: "watch", msg: "Synced" },
  },
  {
    name: "properties of all types",
    given: record("Synced", { kind: "Service", objects: 1000, ok: true, ms: 1.5, none: null }),
    text: "INFO  watch  Synced kind=Service objects=1000 ok=true ms=1.5 none=null",
    json: {
      level: "info",
      logger: "watch",
      msg: "Synced",
      kind: "Service",
      objects: 1000,
      ok: true,
      ms: 1.5,
      none: null,
    },
  },
  {
    name: "values that need quotes",
    given: record("x", { a: "two words", b: "", c: "k=v", d: 'say "hi"', e: "[::1]:80" }, "debug"),
    text: 'DEBUG watch  x a="two words" b="" c="k=v" d="say \\"hi\\"" e="[::1]:80"',
    json: {
      level: "debug",
      logger: "watch",
      msg: "x",
      a: "two words",
      b: "",
      c: "k=v",
      d: 'say "hi"',
      e: "[::1]:80",
    },
  },
  {
    name: "a value in the message, which text does not repeat",
    given: record("Cannot read {file}", { file: "a.yaml", line: 3 }, "warning"),
    text: "WARN  watch  Cannot read a.yaml line=3",
    json: {
      level: "warning",
      logger: "watch",
      msg: "Cannot read a.yaml",
      file: "a.yaml",
      line: 3,
    },
  },
  {
    name: "an error with its cause",
    given: record("Sync failed", { error: new Error("Cannot apply", { cause: "busy" }) }, "error"),
    text: 'ERROR watch  Sync failed error="Cannot apply: busy"',
    json: { level: "error", logger: "watch", msg: "Sync failed", error: "Cannot apply: busy" },
  },
  {
    name: "a value that tries to forge a line",
    given: record("Skipped {name}", {
      name: "x\n2026 ERROR fake",
      why: "\u001b[2K\rgone",
      "a b\n": 1,
    }),
    text: 'INFO  watch  Skipped x\\n2026 ERROR fake why="\\u001b[2K\\rgone" "a b\\n"=1',
    json: {
      level: "info",
      logger: "watch",
      msg: "Skipped x\n2026 ERROR fake",
      name: "x\n2026 ERROR fake",
      why: "\u001b[2K\rgone",
      "a b\n": 1,
    },
  },
  {
    name: "lists and objects",
    given: record("x", { list: ["a", 1], object: { a: { b: "c" } } }, "trace"),
    text: 'TRACE watch  x list=["a",1] object={"a":{"b":"c"}}',
    json: {
      level: "trace",
      logger: "watch",
      msg: "x",
      list: ["a", 1],
      object: { a: { b: "c" } },
    },
  },
  {
    name: "the root logger",
    given: { ...record("Bye", {}, "fatal"), category: ["weir"] },
    text: "FATAL weir  Bye",
    json: { level: "fatal", logger: "weir", msg: "Bye" },
  },
  {
    name: "properties named like the fixed members",
    given: record("x", { level: 3, msg: "y" }),
    text: "INFO  watch  x level=3 msg=y",
    json: { level: "info", logger: "watch", msg: "x", level_: 3, msg_: "y" },
  },
];

for (const { name, given, text, json } of cases) {
  Deno.test(`formatText() writes ${name}`, () => {
    equal(formatText(given, style), `${time} ${text}\n`);
  });

  Deno.test(`formatJson() writes ${name}`, () => {
    const line = formatJson(given, style);
    equal(line.indexOf("\n"), line.length - 1);
    deepEqual(Object.entries(JSON.parse(line)), Object.entries({ ts: time, ...json }));
  });
}
