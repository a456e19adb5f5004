import assert from "node:assert/strict";
import { fileURLToPath } from "node:url";
import { PERMISSIONS } from "../../cli/permissions.ts";
import { compileArguments, excludedFolders } from "../../deploy/compile.ts";
import { projectPath } from "../support/weir_process.ts";

Deno.test("The binary has exactly the flags that the code lists", () => {
  const given = compileArguments({ excluded: [] }).filter((arg) =>
    /^--(allow|no-prompt|v8-flags)/.test(arg)
  );
  assert.deepEqual(given, PERMISSIONS);
});

Deno.test("A binary is compiled for the architecture that is named", () => {
  const targets = ["amd64", "arm64", undefined].map((arch) => {
    const args = compileArguments({ arch, excluded: [] });
    const at = args.indexOf("--target");
    return [at < 0 ? undefined : args[at + 1], args[args.indexOf("--output") + 1]];
  });
  assert.deepEqual(targets, [
    ["x86_64-unknown-linux-gnu", "bin/weir-amd64"],
    ["aarch64-unknown-linux-gnu", "bin/weir-arm64"],
    [undefined, "bin/weir"],
  ]);
  assert.throws(() => compileArguments({ arch: "mips", excluded: [] }), /write amd64 or arm64/);
});

/** Modules that only dynamic imports reach. */
const LATE = [
  "cli/demo.ts",
  "cli/print_rendering.ts",
  "cli/run.ts",
  "watch/api_source.ts",
  "watch/event_writer.ts",
  "watch/manifest_source.ts",
];

Deno.test("deno compile puts all that weir imports into the binary, and no test", async () => {
  const dir = await Deno.makeTempDir({ prefix: "weir-binary-" });
  try {
    const listing = await compile(`${dir}/weir`);
    const embedded = new Set(pathsOf(listing));
    const isEmbedded = (path: string) =>
      embedded.has(path) || embedded.has(`${path.slice(0, path.lastIndexOf("/"))}/*`);
    const reached = await modules();
    assert.deepEqual(LATE.filter((path) => !reached.includes(path)), []);
    assert.deepEqual(reached.filter((path) => !isEmbedded(path)), []);
    assert.deepEqual([...embedded].filter((path) => /^(tests|bench|deploy)\//.test(path)), []);
    for (const name of ["@kubernetes/client-node", "prom-client"]) {
      assert.match(listing, new RegExp(`${name}/`), "it is imported late");
    }
    assert.doesNotMatch(listing, /fast-check/, "it is for the tests alone");
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
});

/** Dynamic imports, of which `deno compile` can only follow those of a literal. */
const DYNAMIC_IMPORT = /\bimport\(\s*([^\s)]+)/g;

Deno.test("Every dynamic import names its module, so that deno compile finds it", async () => {
  const late: string[] = [];
  for (const path of await modules()) {
    const text = await Deno.readTextFile(projectPath(path));
    for (const [, argument] of text.matchAll(DYNAMIC_IMPORT)) {
      assert.match(argument!, /^"[^"]+"$/, path);
      late.push(argument!);
    }
  }
  assert.ok(late.includes('"../watch/api_source.ts"'), "dynamic imports are found");
});

/** What `deno info --json` says of a module. */
interface Module {
  readonly specifier: string;
  readonly dependencies?: readonly { readonly code?: { readonly specifier: string } }[];
}

/** Returns the paths of weir's own modules that main.ts imports when it runs, at once or later. */
async function modules(): Promise<readonly string[]> {
  const info = JSON.parse(await deno("info", "--json", "main.ts")) as {
    roots: readonly string[];
    modules: readonly Module[];
  };
  const known = new Map(info.modules.map((module) => [module.specifier, module]));
  const reached = new Set(info.roots);
  for (const specifier of reached) {
    for (const { code } of known.get(specifier)?.dependencies ?? []) {
      if (code?.specifier.startsWith("file:")) reached.add(code.specifier);
    }
  }
  return [...reached].map((specifier) => fileURLToPath(specifier).slice(projectPath(".").length));
}

/** Compiles weir with this deno in place of the runtime, and returns the list of what went into it. */
async function compile(output: string): Promise<string> {
  const info = JSON.parse(await deno("info", "--json", "main.ts"));
  const args = compileArguments({ excluded: excludedFolders(info) });
  const to = args.map((arg) => arg === "bin/weir" ? output : arg);
  return await deno(...to.toSpliced(1, 0, "--no-check"));
}

/** Reads the tree that `deno compile` prints: `│ ├── name (1KB)`, two columns a level; `name/*` is all of a folder. */
function pathsOf(listing: string): readonly string[] {
  const folders: string[] = [];
  return listing.split("\n").flatMap((line) => {
    const [, indent, name] = /^((?:[│ ] )*)[├└]─[┬─] (\S+)/.exec(line) ?? [];
    if (indent === undefined || name === undefined) return [];
    const depth = indent.length / 2;
    folders.length = depth;
    folders[depth] = name;
    return [folders.slice(0, depth + 1).join("/")];
  });
}

async function deno(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: projectPath("."),
    env: { NO_COLOR: "1", DENORT_BIN: Deno.execPath() },
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
  }).output();
  const text = new TextDecoder();
  assert.equal(code, 0, text.decode(stderr));
  return text.decode(stdout) + text.decode(stderr);
}
