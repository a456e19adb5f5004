import assert from "node:assert/strict";
import type { ProcessResult } from "../../backends/process.ts";
import { followChildMemory } from "../../daemon/child_memory.ts";
import { createMetrics, type Metrics } from "../../daemon/metrics.ts";

/** Returns the samples of the children's memory. */
async function read(metrics: Metrics): Promise<readonly string[]> {
  return (await metrics.text()).split("\n").filter((line) =>
    line.startsWith("weir_child_resident_memory_bytes{")
  );
}

function answer(stdout: string): Promise<ProcessResult> {
  return Promise.resolve({ code: 0, stdout, stderr: "", timedOut: false });
}

Deno.test("The memory of children is summed by program, and that of one which ended is none", async () => {
  const metrics = createMetrics();
  const answers = [" 1024 nft\n20480 nft\n  512 conntrack\n 3000 ps\n", " 2048 nft\n 3000 ps\n"];
  const asked: string[] = [];
  const stop = followChildMemory({
    metrics,
    pid: 42,
    run: (program, args) => {
      asked.push([program, ...args].join(" "));
      return answer(answers.shift() ?? "");
    },
  });
  assert.deepEqual(await read(metrics), [
    `weir_child_resident_memory_bytes{program="nft"} ${21 * 1024 ** 2}`,
    `weir_child_resident_memory_bytes{program="conntrack"} ${512 * 1024}`,
  ]);
  assert.deepEqual(await read(metrics), [
    `weir_child_resident_memory_bytes{program="nft"} ${2 * 1024 ** 2}`,
    'weir_child_resident_memory_bytes{program="conntrack"} 0',
  ]);
  stop();
  await read(metrics);
  assert.deepEqual(asked, Array(2).fill("ps -o rss=,comm= --ppid 42"));
});

Deno.test("Without ps, and with one that knows no --ppid, all other metrics are there", async () => {
  const metrics = createMetrics();
  const failing = [
    () => Promise.reject(new Deno.errors.NotFound("ps")),
    () => Promise.resolve({ code: 1, stdout: "", stderr: "Usage: ps", timedOut: false }),
  ];
  followChildMemory({ metrics, run: () => failing.shift()?.() ?? answer("") });
  for (let reads = 0; reads < 2; reads++) {
    assert.deepEqual(await read(metrics), []);
    assert.match(await metrics.text(), /^process_resident_memory_bytes \d+/m);
  }
});
