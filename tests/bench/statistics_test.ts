import assert from "node:assert/strict";
import fc from "fast-check";
import { median, quantile } from "../../bench/statistics.ts";

Deno.test("A quantile is the smallest value that enough of the values do not exceed", () => {
  const values = fc.array(fc.integer(), { minLength: 1 });
  fc.assert(fc.property(values, fc.double({ min: 0.01, max: 1, noNaN: true }), (values, q) => {
    const found = quantile(values, q)!;
    assert.ok(values.includes(found));
    assert.ok(values.filter((value) => value <= found).length >= q * values.length);
    assert.ok(values.filter((value) => value < found).length < q * values.length);
  }));
});

Deno.test("The median of three values is the middle one", () => {
  assert.equal(median([30, 10, 20]), 20);
});

Deno.test("Nothing has no median", () => {
  assert.equal(median([]), undefined);
});
