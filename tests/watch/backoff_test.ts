import assert from "node:assert/strict";
import { Backoff } from "../../watch/backoff.ts";

function waits(random: number, count: number): number[] {
  const backoff = new Backoff({ random: () => random });
  return Array.from({ length: count }, () => backoff.next());
}

Deno.test("Backoff doubles from 0.8 s to 30 s", () => {
  assert.deepEqual(waits(0.5, 8), [800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
});

Deno.test("Backoff varies every wait by up to a quarter either way", () => {
  assert.deepEqual(waits(0, 2), [600, 1200]);
  assert.deepEqual(waits(1, 2), [1000, 2000]);
});

Deno.test("Backoff starts again after reset()", () => {
  const backoff = new Backoff({ random: () => 0.5, first: 100, most: 150 });
  assert.deepEqual([backoff.next(), backoff.next()], [100, 150]);
  backoff.reset();
  assert.equal(backoff.next(), 100);
});
