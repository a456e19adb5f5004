import assert from "node:assert/strict";
import { RUN_FLAGS } from "../../cli/run_flags.ts";
import denoJson from "../../deno.json" with { type: "json" };

Deno.test("The task start runs weir with exactly the flags that the code lists", () => {
  const flags = RUN_FLAGS.join(" ");
  assert.equal(denoJson.tasks.start, `deno run --quiet ${flags} main.ts`);
});
