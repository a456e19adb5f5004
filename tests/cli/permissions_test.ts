import assert from "node:assert/strict";
import { PERMISSIONS } from "../../cli/permissions.ts";
import denoJson from "../../deno.json" with { type: "json" };

Deno.test("The tasks start and compile give exactly the permissions that the code lists", () => {
  const flags = PERMISSIONS.join(" ");
  assert.equal(denoJson.tasks.start, `deno run --quiet ${flags} main.ts`);
  assert.equal(denoJson.tasks.compile, `deno compile ${flags} --output bin/weir main.ts`);
});
