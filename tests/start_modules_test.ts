import assert from "node:assert/strict";

const ROOT = new URL("../", import.meta.url);

/** Where a start enters the project's modules: what it imports when it is needed is not part of what is imported there. */
const ENTRANCES = [
  "main.ts",
  "cli/command_line.ts",
  "cli/run.ts",
  "watch/api_source.ts",
  "watch/event_writer.ts",
];

/** Returns what a module imports to run, not for its types alone, and not on demand. */
function importsOf(text: string): string[] {
  const statements = text.matchAll(
    /^(?:import\s(?!type\s)(?:[^;"]*?\sfrom\s)?|export\s(?:\{[^}]*\}|\*)\sfrom\s)"(?<target>[^"]+)"/gm,
  );
  return [...statements].flatMap(({ 0: statement, groups }) => {
    const names = /\{([^}]*)\}/.exec(statement)?.[1]?.split(",")
      .map((name) => name.trim()).filter(Boolean);
    const onlyTypes = names?.every((name) => name.startsWith("type ")) ?? false;
    return onlyTypes ? [] : [groups?.["target"] ?? ""];
  });
}

/** Returns the packages and built-in modules that are loaded with `entrances`. */
async function packagesOf(entrances: readonly string[]): Promise<string[]> {
  const packages = new Set<string>();
  const seen = new Set<string>();
  const waiting = entrances.map((path) => new URL(path, ROOT).href);
  for (let href = waiting.pop(); href !== undefined; href = waiting.pop()) {
    if (seen.has(href) || href.endsWith(".json")) continue;
    seen.add(href);
    for (const target of importsOf(await Deno.readTextFile(new URL(href)))) {
      if (target.startsWith(".")) waiting.push(new URL(target, href).href);
      else packages.add(target);
    }
  }
  assert.ok(seen.size > 100, `only ${seen.size} modules were found`);
  return [...packages].sort();
}

Deno.test("Imports are read from code as it is written", () => {
  const text = `import type { A } from "./a.ts";\nimport { type B, c } from "b";\n` +
    `import {\n  type D,\n} from "./d.ts";\nexport { E } from "./e.ts";\nimport f from "node:f";\n` +
    `const g = await import("./g.ts");`;
  assert.deepEqual(importsOf(text), ["b", "./e.ts", "node:f"]);
});

Deno.test("A start loads neither commander nor CommonJS, nor anything of Node's that takes Deno long to load", async () => {
  const packages = await packagesOf(ENTRANCES);
  assert.deepEqual(packages, [
    "@logtape/logtape",
    "immutable/es",
    "ip-bigint",
    "js-yaml",
    "zod",
  ]);
});
