/** Nanoseconds in each unit of Go's duration syntax. */
const UNITS = {
  ns: 1n,
  us: 1_000n,
  "\u00b5s": 1_000n, // micro sign
  "\u03bcs": 1_000n, // Greek mu
  ms: 1_000_000n,
  s: 1_000_000_000n,
  m: 60_000_000_000n,
  h: 3_600_000_000_000n,
} as const;

const NANOSECONDS_PER_MILLISECOND = 1e6;
const LONGEST = 2n ** 63n - 1n;

/**
 * Reads a duration as Go's `time.ParseDuration` does (`30s`, `1h2m3.5s`, `-5ms`, `0`): milliseconds, or undefined when
 * `text` is none.
 *
 * There are no days, and a number needs a unit unless it is 0. Fractions of a millisecond are kept.
 */
export function parseDuration(text: string): number | undefined {
  const [, sign, body = ""] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (body === "0") return 0;
  if (!/^(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|\u00b5s|\u03bcs|ms|s|m|h))+$/.test(body)) return undefined;
  let total = 0n;
  for (const [, number = "", unit = ""] of body.matchAll(/([\d.]+)([^\d.]+)/g)) {
    total += nanoseconds(number, UNITS[unit as keyof typeof UNITS]);
  }
  if (total > LONGEST) return undefined;
  // Whole milliseconds stay exact whatever their number: most durations have no others.
  const milliseconds = Number(total / UNITS.ms) +
    Number(total % UNITS.ms) / NANOSECONDS_PER_MILLISECOND;
  return sign === "-" && total > 0n ? -milliseconds : milliseconds;
}

/**
 * Writes `milliseconds` as Go's `Duration.String` does: `15m0s`, `24h0m0s`, `1.5s`, `250ms`, `0s`.
 *
 * Rounds to a nanosecond, Go's resolution.
 */
export function formatDuration(milliseconds: number): string {
  const whole = Math.trunc(Math.abs(milliseconds));
  const fraction = Math.abs(milliseconds) - whole;
  const total = BigInt(whole) * UNITS.ms +
    BigInt(Math.round(fraction * NANOSECONDS_PER_MILLISECOND));
  return (milliseconds < 0 && total > 0n ? "-" : "") + formatNanoseconds(total);
}

/** Go writes less than a second in the largest unit that leaves a whole number, and more as hours, minutes, seconds. */
function formatNanoseconds(total: bigint): string {
  if (total === 0n) return "0s";
  if (total < 1_000n) return `${total}ns`;
  if (total < 1_000_000n) return `${decimal(total, 3)}µs`;
  if (total < 1_000_000_000n) return `${decimal(total, 6)}ms`;
  const minutes = total / 60_000_000_000n;
  const seconds = `${decimal(total % 60_000_000_000n, 9)}s`;
  if (minutes === 0n) return seconds;
  if (minutes < 60n) return `${minutes}m${seconds}`;
  return `${minutes / 60n}h${minutes % 60n}m${seconds}`;
}

/** The exact product of a decimal number and a unit, truncated to whole nanoseconds. */
function nanoseconds(number: string, unit: bigint): bigint {
  const [whole = "", fraction = ""] = number.split(".");
  return BigInt(whole || "0") * unit +
    BigInt(fraction || "0") * unit / 10n ** BigInt(fraction.length);
}

/** `value` / 10^`places` without trailing zeros. */
function decimal(value: bigint, places: number): string {
  const digits = value.toString().padStart(places + 1, "0");
  const fraction = digits.slice(-places).replace(/0+$/, "");
  return digits.slice(0, -places) + (fraction === "" ? "" : `.${fraction}`);
}
