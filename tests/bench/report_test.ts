import assert from "node:assert/strict";
import { report } from "../../bench/report.ts";
import type { Findings } from "../../bench/trial.ts";

/** Findings in which everything takes `time` and needs `bytes`. */
function findings(time: number, bytes: number, rate: number): Findings {
  const times = [time, time, time];
  return {
    load: 0.5,
    starts: { fresh: times, again: times, cpuSeconds: times, resident: [bytes], peak: [bytes] },
    changes: {
      "one endpoint changed": times,
      "Service added": times,
      "Service removed": times,
      "scaled from 10 to 9": times,
      "scaled from 10 to 500": times,
    },
    traffic: [{ title: "TCP", rates: [rate], times: [time], failures: 0 }],
    churn: undefined,
    size: { chains: 30, rules: 50, sets: 35, elements: 12_000 },
  };
}

const TEXT = report({
  machine: [["kernel", "Linux 6.18"]],
  command: "deno task bench",
  comparisons: [{
    title: "1,000 services",
    endpoints: 10,
    floor: [5, 4, 30],
    kubeProxy: findings(15_600, 90e6, 10_000),
    weir: findings(40, 100e6, 12_500),
  }],
});

Deno.test("Factors say how many times better weir is, whichever way better is", () => {
  assert.match(TEXT, /^\| start → rules in force \| 15\.6 s \| 40\.0 ms \| × 390 \|$/m);
  assert.match(TEXT, /^\| resident memory of the proxy \| 90 MB \| 100 MB \| × 0\.90 \|$/m);
  assert.match(TEXT, /^\| new connections a second, TCP \| 10,000 \| 12,500 \| × 1\.25 \|$/m);
});

Deno.test("What no proxy could be faster than stands below the changes of endpoints", () => {
  assert.match(
    TEXT,
    /changed, p99 \|.*\n\| \.\.\. with nothing between .* \| {2}\| 5\.0 ms \| {2}\|/,
  );
});

Deno.test("What was not measured is left out", () => {
  assert.doesNotMatch(TEXT, /lag p99/);
  assert.doesNotMatch(TEXT, /connections that failed/);
});

Deno.test("Values that are neither good nor bad have no factor", () => {
  assert.match(TEXT, /^\| elements \| 12,000 \| 12,000 \| {2}\|$/m);
});

Deno.test("The overview has a column for each shape", () => {
  assert.match(TEXT, /^\| {2}\| 1,000 services \|$/m);
  assert.match(TEXT, /^\| one endpoint changed, p50 \| × 390 \|$/m);
});
