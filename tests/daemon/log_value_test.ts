import { equal } from "node:assert/strict";
import fc from "fast-check";
import { errorText, escapeUnsafe, jsonValue } from "../../daemon/log_value.ts";

const plain = { stacks: false };

const errors: { name: string; given: unknown; want: string }[] = [
  { name: "an error", given: new Error("nft failed"), want: "nft failed" },
  { name: "an error without a message", given: new TypeError(), want: "TypeError" },
  {
    name: "an error with causes",
    given: new Error("Cannot sync", { cause: new Error("Cannot run nft", { cause: "no memory" }) }),
    want: "Cannot sync: Cannot run nft: no memory",
  },
  {
    name: "several errors in one",
    given: new AggregateError([new Error("a"), new Error("b", { cause: "c" })], "Both failed"),
    want: "Both failed (a; b: c)",
  },
  { name: "something else that was thrown", given: 42, want: "42" },
];

for (const { name, given, want } of errors) {
  Deno.test(`errorText() tells what ${name} says`, () => equal(errorText(given, plain), want));
}

Deno.test("errorText() ends when an error is its own cause", () => {
  const error = new Error("round");
  error.cause = error;
  equal(errorText(error, plain), "round");
});

Deno.test("errorText() tells where errors were made when asked for stacks", () => {
  const text = errorText(new Error("outer", { cause: new Error("inner") }), { stacks: true });
  equal(/outer\n +at .*inner\n +at /s.test(text), true);
});

const unsafe: { name: string; given: string; want: string }[] = [
  { name: "new lines", given: "a\nb\r\n", want: "a\\nb\\r\\n" },
  { name: "terminal escapes", given: "\u001b[2J\u009b1m", want: "\\u001b[2J\\u009b1m" },
  { name: "bidirectional overrides", given: "a\u202eb", want: "a\\u202eb" },
  { name: "line separators", given: "a\u2028b", want: "a\\u2028b" },
  { name: "lone surrogates", given: "\ud83d \ude00", want: "\\ud83d \\ude00" },
  {
    name: "nothing in ordinary text",
    given: 'Grüße, 世界 😀 \\ "',
    want: 'Grüße, 世界 😀 \\ "',
  },
];

for (const { name, given, want } of unsafe) {
  Deno.test(`escapeUnsafe() escapes ${name}`, () => equal(escapeUnsafe(given), want));
}

const circular: Record<string, unknown> = {};
circular.self = circular;

const values: { name: string; given: unknown; want: string }[] = [
  { name: "errors inside", given: { error: new Error("x") }, want: '{"error":"x"}' },
  {
    name: "maps and sets",
    given: [new Map([["a", 1]]), new Set([2, 3])],
    want: '[{"a":1},[2,3]]',
  },
  { name: "big integers", given: 2n ** 64n, want: '"18446744073709551616"' },
  { name: "nothing", given: undefined, want: "null" },
];

for (const { name, given, want } of values) {
  Deno.test(`jsonValue() shows ${name}`, () => equal(jsonValue(given, plain), want));
}

Deno.test("jsonValue() says why it cannot show something", () => {
  equal(jsonValue(circular, plain).startsWith('"(cannot be shown: Converting circular'), true);
});

Deno.test("jsonValue() gives JSON on one line that means the same, for any value", () => {
  fc.assert(fc.property(fc.jsonValue(), fc.string({ unit: "binary" }), (value, text) => {
    const shown = jsonValue([value, text], plain);
    equal(shown, escapeUnsafe(shown));
    equal(JSON.stringify(JSON.parse(shown)), JSON.stringify([value, text]));
  }));
});
