import assert from "node:assert/strict";
import { parseOptions } from "../../bench/options.ts";

function titles(...args: readonly string[]): readonly string[] {
  return parseOptions(args).shapes.map(({ title }) => title);
}

Deno.test("Without flags the sizes grow, and special shapes follow", () => {
  assert.deepEqual(titles(), [
    "1,000 services",
    "5,000 services",
    "10,000 services",
    "1 service",
    "1,000 with ClientIP affinity",
    "1 service with 5,000 endpoints",
  ]);
});

Deno.test("--quick measures 1,000 services and leaves the committed results alone", () => {
  const { shapes, output } = parseOptions(["--quick"]);
  assert.deepEqual(shapes.map(({ services }) => services), [1000]);
  assert.equal(output, undefined);
  assert.equal(parseOptions([]).output, "bench/RESULTS.md");
});

Deno.test("--services and --endpoints choose the sizes", () => {
  const { shapes } = parseOptions(["--services=30000,50", "--endpoints=3", "--plain"]);
  assert.deepEqual(shapes.map(({ services, endpoints }) => [services, endpoints]), [
    [30_000, 3],
    [50, 3],
  ]);
});

Deno.test("What makes no sense is refused with the usage", () => {
  for (const flag of ["--services=many", "--services=10,", "--endpoints=0", "--churn=-1", "--x"]) {
    assert.throws(() => parseOptions([flag]), /usage: deno task bench/, flag);
  }
});
