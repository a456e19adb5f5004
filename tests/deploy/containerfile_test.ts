import assert from "node:assert/strict";
import { PERMISSIONS } from "../../cli/permissions.ts";
import { projectPath } from "../support/weir_process.ts";

/** Reads the Containerfile, with each instruction on one line and without comments. */
async function instructions(): Promise<readonly string[]> {
  const text = await Deno.readTextFile(projectPath("Containerfile"));
  const lines = text.split("\n").filter((line) => !line.startsWith("#")).join("\n");
  return lines.replaceAll(/\\\n\s*/g, "").split("\n").filter((line) => line !== "");
}

Deno.test("The image of the sources starts weir with exactly the permissions that the code lists", async () => {
  const entries = (await instructions()).filter((line) => line.startsWith("ENTRYPOINT "));
  const [sources, ...others] = entries.map((line) => JSON.parse(line.slice("ENTRYPOINT ".length)));
  assert.deepEqual(sources, [
    "/usr/local/bin/deno",
    "run",
    "--cached-only",
    "--quiet",
    ...PERMISSIONS,
    "/weir/main.ts",
  ]);
  assert.deepEqual(others, [["/usr/local/bin/weir"], ["/usr/local/bin/weir"]]);
});

Deno.test("Every image that something is built from can be replaced by an argument", async () => {
  const lines = await instructions();
  const given = new Map(
    lines.flatMap((line) => {
      const [, name, value] = /^ARG (\w+)=(\S+)$/.exec(line) ?? [];
      return name === undefined ? [] : [[name, value!]];
    }),
  );
  const stages = new Set<string>(["scratch"]);
  for (const line of lines) {
    const [, image, stage] = /^FROM (?:--platform=\S+ )?(\S+) AS (\S+)$/.exec(line) ?? [];
    if (image === undefined) continue;
    const [, argument] = /^\$\{(\w+)\}$/.exec(image) ?? [];
    assert.ok(argument === undefined ? stages.has(image) : given.has(argument), line);
    stages.add(stage!);
  }
  assert.ok(stages.has("weir"));
  const runtime = new RegExp(`:bin-${Deno.version.deno.replaceAll(".", "\\.")}$`);
  assert.match(given.get("DENO_IMAGE")!, runtime);
});
