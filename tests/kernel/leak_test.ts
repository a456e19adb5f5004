import assert from "node:assert/strict";
import { runProcess } from "../../backends/process.ts";
import { kernelTest } from "../support/kernel.ts";

/** How much more the heap may hold after 20,000 changes than after half of them: 40 bytes a change. */
const TOLERANCE = 1.05;

kernelTest("20,000 changes leave nothing behind in memory", async () => {
  const program = new URL("../support/churn_program.ts", import.meta.url).pathname;
  const args = ["run", "--quiet", "--allow-all", "--v8-flags=--expose-gc", program];
  const { code, stdout, stderr } = await runProcess(Deno.execPath(), args, { timeoutMs: 120_000 });
  assert.equal(code, 0, stderr);
  const samples: number[] = JSON.parse(stdout);
  const half = samples[samples.length / 2 - 1] ?? 0;
  const end = samples.at(-1) ?? Infinity;
  assert.ok(end < half * TOLERANCE, `The heap after each 2,000 changes: ${samples.join(", ")}`);
});
