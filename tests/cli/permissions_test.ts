import assert from "node:assert/strict";
import { PERMISSIONS } from "../../cli/permissions.ts";
import denoJson from "../../deno.json" with { type: "json" };

Deno.test("The task start runs weir with exactly the flags that the code lists", () => {
  const flags = PERMISSIONS.join(" ");
  assert.equal(denoJson.tasks.start, `deno run --quiet ${flags} main.ts`);
});

Deno.test("weir may run some programs by name: not every one, and no shell or what starts others", () => {
  const programs = PERMISSIONS.flatMap((flag) => {
    assert.doesNotMatch(flag, /^(-A|--allow-(all|run|ffi|env|sys))$/);
    return /^--allow-run=(.*)/.exec(flag)?.[1]?.split(",") ?? [];
  });
  assert.ok(programs.includes("nft"));
  assert.deepEqual(programs.filter((name) => !/^[a-z0-9-]+$/.test(name)), []);
  const starters = ["bash", "busybox", "dash", "deno", "env", "find", "nsenter", "sh", "unshare"];
  assert.deepEqual(programs.filter((name) => starters.includes(name)), []);
});
