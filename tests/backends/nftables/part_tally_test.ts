import assert from "node:assert/strict";
import { PartTally } from "../../../backends/nftables/part_tally.ts";
import type { Part } from "../../../backends/nftables/parts.ts";

function part(size: number): Part {
  const name = `tcp-lb-${size}`;
  return { key: `chain ${name}`, chain: { name, rules: [] } };
}

Deno.test("A part is missing until a transaction made it", () => {
  const parts = new PartTally();
  parts.reset([part(1)], [], 0);
  assert.deepEqual(parts.missing([part(1), part(2), part(2)]), [part(2)]);
  parts.commit([part(2)], [], 0);
  assert.deepEqual(parts.missing([part(2)]), []);
});

Deno.test("A part is unused when the last frontend that led to it is gone", () => {
  const parts = new PartTally();
  parts.reset([part(1), part(1)], [], 0);
  parts.commit([], [part(1)], 0);
  assert.deepEqual(parts.unusedFor(0, 5_000), []);
  parts.commit([], [part(1)], 0);
  assert.deepEqual(parts.unusedFor(0, 5_000), ["chain tcp-lb-1"]);
});

Deno.test("An unused part is kept for a while, and not deleted when it is used again", () => {
  const parts = new PartTally();
  parts.reset([part(1)], [], 0);
  parts.commit([], [part(1)], 1_000);
  assert.deepEqual(parts.unusedFor(1_000, 1_999), []);
  assert.deepEqual(parts.unusedFor(1_000, 2_000), ["chain tcp-lb-1"]);
  assert.deepEqual(parts.missing([part(1)]), []);
  parts.commit([part(1)], [], 2_000);
  assert.deepEqual(parts.unusedFor(1_000, 9_000), []);
});

Deno.test("A frontend that keeps its number of endpoints keeps its parts", () => {
  const parts = new PartTally();
  parts.reset([part(3)], [], 0);
  parts.commit([part(3)], [part(3)], 0);
  assert.deepEqual(parts.unusedFor(0, 9_000), []);
});

Deno.test("Parts that an earlier process left and nobody needs are unused", () => {
  const parts = new PartTally();
  parts.reset([part(1)], ["chain tcp-lb-1", "chain tcp-lb-9"], 0);
  assert.deepEqual(parts.unusedFor(0, 0), ["chain tcp-lb-9"]);
  parts.deleted(["chain tcp-lb-9"]);
  assert.deepEqual(parts.unusedFor(0, 0), []);
  assert.deepEqual(parts.missing([part(9)]), [part(9)]);
});
