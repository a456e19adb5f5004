import assert from "node:assert/strict";
import { together, type Turn } from "../../bench/trial.ts";

function turn(time: number, changes: number): Turn {
  return {
    load: time,
    starts: { fresh: [time], again: [time], cpuSeconds: [time], resident: [time], peak: [time] },
    changes: {
      "one endpoint changed": [time, time],
      "Service added": [],
      "Service removed": [time],
      "scaled from 10 to 9": [],
      "scaled from 10 to 500": [],
    },
    churn: {
      changes,
      seconds: 2,
      cpuSeconds: 0.5,
      lags: [time],
      overtaken: 0,
      resident: 10 * time,
    },
    size: { chains: 30, rules: 50, sets: 35, elements: 12_000 },
  };
}

Deno.test("Several turns count as one with all that they measured", () => {
  const { load, starts, changes, churn } = together([turn(1, 100), turn(3, 200)]);
  assert.equal(load, 3);
  assert.deepEqual(starts.fresh, [1, 3]);
  assert.deepEqual(changes["one endpoint changed"], [1, 1, 3, 3]);
  assert.deepEqual(churn, {
    changes: 300,
    seconds: 4,
    cpuSeconds: 1,
    lags: [1, 3],
    overtaken: 0,
    resident: 30,
  });
});

Deno.test("A turn without churn adds none", () => {
  const { churn } = together([{ ...turn(1, 100), churn: undefined }]);
  assert.equal(churn, undefined);
});
