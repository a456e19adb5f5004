import assert from "node:assert/strict";
import { FLAGS } from "../../config/flags.ts";
import { MODES } from "../../config/modes.ts";
import { SCHEDULERS } from "../../config/mode_warnings.ts";
import { fieldPaths, reference } from "./_reference.ts";

async function read(name: string): Promise<string> {
  return await Deno.readTextFile(new URL(`../../docs/${name}`, import.meta.url));
}

/** The words of a text: the formatter may have aligned its tables. */
function words(text: string): string {
  return text.replace(/-{3,}/g, "---").replace(/\s+/g, " ").trim();
}

Deno.test("docs/reference.md is what the code says, to be renewed with --update", async () => {
  const text = reference();
  if (Deno.args.includes("--update")) {
    await Deno.writeTextFile(new URL("../../docs/reference.md", import.meta.url), text);
  }
  assert.equal(words(await read("reference.md")), words(text));
});

Deno.test("docs/migrate.md says what becomes of every mode, scheduler and option of the other modes", async () => {
  const text = await read("migrate.md");
  const options = [...fieldPaths().keys()].filter((path) => /^(?:iptables|ipvs)\./.test(path));
  const names = [...MODES, ...Object.keys(SCHEDULERS)].filter((name) => name !== "");
  for (const name of [...options, ...names, "--strict-mode"]) {
    assert.ok(text.includes(`\`${name}\``), name);
  }
});

Deno.test("Flags and fields that docs/configure.md and docs/migrate.md name exist", async () => {
  const fields = [...fieldPaths().keys()];
  for (const file of ["configure.md", "migrate.md"]) {
    const text = await read(file);
    for (const [, flag = ""] of text.matchAll(/`--([a-z-]+)[^`]*`/g)) {
      assert.ok(FLAGS.some(({ name }) => name === flag), `--${flag} in ${file}`);
    }
    for (const [, field = ""] of text.matchAll(/`([a-z]\w+\.\w+)`/g)) {
      const isField = fields.some((path) => path === field || path.startsWith(`${field}.`));
      assert.ok(isField || /^spec\.|\.d$/.test(field), `${field} in ${file}`);
    }
  }
});
