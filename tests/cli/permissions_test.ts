import assert from "node:assert/strict";
import { PERMISSIONS } from "../../cli/permissions.ts";
import denoJson from "../../deno.json" with { type: "json" };

Deno.test("The task start gives exactly the permissions that the code lists", () => {
  const flags = PERMISSIONS.join(" ");
  assert.equal(denoJson.tasks.start, `deno run --quiet ${flags} main.ts`);
});
