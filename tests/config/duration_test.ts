import assert from "node:assert/strict";
import fc from "fast-check";
import { formatDuration, parseDuration } from "../../config/duration.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

Deno.test("parseDuration() reads what Go's time.ParseDuration reads", () => {
  const table: [string, number][] = [
    ["0", 0],
    ["+0", 0],
    ["-0", 0],
    ["0s", 0],
    ["30s", 30 * SECOND],
    ["1m30s", 90 * SECOND],
    ["15m0s", 15 * MINUTE],
    ["24h", 24 * HOUR],
    ["1h2m3.5s", HOUR + 2 * MINUTE + 3500],
    [".5s", 500],
    ["5.s", 5 * SECOND],
    ["1s1s", 2 * SECOND],
    ["-5s", -5 * SECOND],
    ["+5s", 5 * SECOND],
    ["250ms", 250],
    ["1500us", 1.5],
    ["1500\u00b5s", 1.5],
    ["1500\u03bcs", 1.5],
    ["1ns", 1e-6],
  ];
  for (const [text, want] of table) assert.equal(parseDuration(text), want, text);
});

Deno.test("parseDuration() refuses what Go refuses", () => {
  const bad = [
    "",
    " ",
    "-",
    "+",
    ".",
    "s",
    ".s",
    "30",
    "1.5",
    "-.s",
    "1d",
    "5x",
    "1 s",
    " 1s",
    "1s ",
  ];
  const worse = [
    "1e3s",
    "0x1s",
    "--1s",
    "1s-1s",
    "1S",
    "3000000h",
    "9223372036.854775808s",
    "null",
  ];
  for (const text of [...bad, ...worse]) assert.equal(parseDuration(text), undefined, text);
});

Deno.test("formatDuration() writes what Go's Duration.String writes", () => {
  const table: [number, string][] = [
    [0, "0s"],
    [-0, "0s"],
    [1e-6, "1ns"],
    [1.1e-3, "1.1µs"],
    [2.2, "2.2ms"],
    [250, "250ms"],
    [3300, "3.3s"],
    [30 * SECOND, "30s"],
    [MINUTE, "1m0s"],
    [4 * MINUTE + 5001, "4m5.001s"],
    [15 * MINUTE, "15m0s"],
    [5 * HOUR + 6 * MINUTE + 7001, "5h6m7.001s"],
    [24 * HOUR, "24h0m0s"],
    [-1500, "-1.5s"],
  ];
  for (const [milliseconds, want] of table) assert.equal(formatDuration(milliseconds), want);
});

Deno.test("A duration of up to four weeks survives being read and written to the nanosecond", () => {
  fc.assert(fc.property(fc.bigInt({ min: 0n, max: 2n ** 51n }), (nanoseconds) => {
    const milliseconds = parseDuration(`${nanoseconds}ns`);
    assert.ok(milliseconds !== undefined);
    const text = formatDuration(milliseconds);
    assert.equal(parseDuration(text), milliseconds);
    assert.equal(sumOf(text), nanoseconds, text);
  }));
});

Deno.test("A duration of whole milliseconds survives being written and read, up to centuries", () => {
  fc.assert(fc.property(fc.integer({ min: -9e12, max: 9e12 }), (milliseconds) => {
    assert.equal(parseDuration(formatDuration(milliseconds)), milliseconds);
  }));
});

/** The nanoseconds of a duration text, reckoned unit by unit. */
function sumOf(text: string): bigint {
  const places: Record<string, number> = { ns: 0, µs: 3, ms: 6, s: 9 };
  return [...text.matchAll(/(\d+)(?:\.(\d+))?([a-zµ]+)/g)]
    .map(([, whole = "", fraction = "", unit = ""]) => {
      if (unit === "h") return BigInt(whole) * 3_600_000_000_000n;
      if (unit === "m") return BigInt(whole) * 60_000_000_000n;
      return BigInt(whole + fraction.padEnd(places[unit] ?? 0, "0"));
    })
    .reduce((sum, each) => sum + each, 0n);
}
