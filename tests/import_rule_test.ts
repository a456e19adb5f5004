import assert from "node:assert/strict";

/** Which folders the files of a folder may import from, besides their own. */
const ALLOWED: Readonly<Record<string, readonly string[]>> = {
  model: [],
  backends: ["model"],
  watch: ["model"],
  config: ["model"],
  daemon: ["model", "backends", "watch", "config"],
  cli: ["model", "backends", "watch", "config", "daemon"],
};

const ROOT = new URL("../", import.meta.url);

async function* sources(folder: string): AsyncIterable<string> {
  for await (const entry of Deno.readDir(new URL(folder, ROOT))) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory) yield* sources(path);
    else if (path.endsWith(".ts")) yield path;
  }
}

/** Returns the folders of the project that the text of a file at `path` imports from. */
function importedFolders(path: string, text: string): readonly string[] {
  const specifiers = [...text.matchAll(/(?:from|import\()\s*"(\.[^"]+)"/g)].map(([, one]) => one);
  return specifiers.map((one) =>
    new URL(one ?? "", new URL(path, ROOT)).href.slice(ROOT.href.length)
  )
    .map((target) => target.split("/")[0] ?? "");
}

Deno.test("The import rule is read from code as it is written", () => {
  const text =
    `import { a } from "../model/a.ts";\nexport * from "./b.ts";\nawait import("../../mod.ts")`;
  assert.deepEqual(importedFolders("backends/x/y.ts", text), ["backends", "backends", "mod.ts"]);
});

for (const [folder, allowed] of Object.entries(ALLOWED)) {
  Deno.test(`Files in ${folder}/ import from ${["their own folder", ...allowed].join(", ")} only`, async () => {
    const broken: string[] = [];
    let files = 0;
    for await (const path of sources(folder)) {
      files++;
      for (const target of importedFolders(path, await Deno.readTextFile(new URL(path, ROOT)))) {
        const isData = target === "deno.json";
        if (target !== folder && !allowed.includes(target) && !isData) {
          broken.push(`${path} → ${target}`);
        }
      }
    }
    assert.deepEqual(broken, []);
    assert.ok(files > 0, `no files in ${folder}/`);
  });
}
