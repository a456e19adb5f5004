import assert from "node:assert/strict";
import { runProcess } from "../../backends/process.ts";
import { parseCommandLine } from "../../cli/command_line.ts";
import { readDocument } from "../../config/document.ts";
import { FLAGS } from "../../config/flags.ts";
import { writeConfiguration } from "../../config/write.ts";
import { configText } from "../config/config_text.ts";
import { apiServerBinaries } from "../support/api_server.ts";
import { WeirProcess } from "../support/weir_process.ts";
import {
  ACCEPTED,
  type Case,
  type Difference,
  DIFFERENCES,
  EVERY_FIELD,
  OWN_FLAGS,
  PERIOD_FLAGS,
  REFUSED,
} from "./_config_cases.ts";

const BINARIES = apiServerBinaries();
const ignore = BINARIES === undefined;
const LEFT_OUT = ignore ? " (left out: KUBEBUILDER_ASSETS is not set)" : "";

Deno.test("Every deliberate difference of configurations has its section in docs/differences.md", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/differences.md", import.meta.url));
  const marked = [...text.matchAll(/^## (.*) ◇$/gm)].map(([, heading]) => heading);
  const accepted = REFUSED.flatMap((given) => given.accepted ?? []);
  const sections = [...DIFFERENCES, ...accepted].map(({ section }) => section);
  assert.deepEqual([...new Set(sections)].sort(), marked.sort());
});

Deno.test("Every flag that sets something is in a case that both accept", () => {
  const given = ACCEPTED.flatMap(({ args = [] }) => args)
    .map((argument) => argument.replace(/^--?|=.*$/gs, "").replaceAll("_", "-"));
  const actions = /^(cleanup|init-only|write-config-to|version|config|(boot|machine)-id-file)$/;
  const missing = FLAGS.filter(({ name, short = name }) =>
    !OWN_FLAGS.includes(name) && !actions.test(name) && !given.includes(name) &&
    !given.includes(short)
  );
  assert.deepEqual(missing.map(({ name }) => name), []);
});

Deno.test({
  name: `The configuration in effect is the one that kube-proxy writes${LEFT_OUT}`,
  ignore,
  async fn() {
    await using folder = await temporaryFolder();
    const seen = new Set<Difference>();
    await eachOf(ACCEPTED, async (given, name) => {
      const args = await argumentsOf(given, `${folder.path}/${name}`);
      const text = await kubeProxyWrites(args, `${folder.path}/${name}.out`);
      assert.ok(text !== undefined, `kube-proxy refuses ${describe(given)}`);
      compare(text, await weirWrites(args), { name: describe(given), seen });
    });
    const stale = DIFFERENCES.filter((difference) => !seen.has(difference));
    assert.deepEqual(stale.map(({ reason }) => reason), [], "differences that are none any more");
  },
});

Deno.test({
  name: `kube-proxy reads what weir writes as the same configuration${LEFT_OUT}`,
  ignore,
  async fn() {
    await using folder = await temporaryFolder();
    await eachOf([{ file: EVERY_FIELD }, { args: PERIOD_FLAGS }, {}], async (given, name) => {
      const text = await weirWrites(await argumentsOf(given, `${folder.path}/${name}`));
      const file = `${folder.path}/${name}.weir`;
      await Deno.writeTextFile(file, text);
      const again = await kubeProxyWrites(["--config", file], `${folder.path}/${name}.out`);
      assert.ok(again !== undefined, `kube-proxy refuses ${text}`);
      compare(again, text, { name: describe(given), seen: new Set() });
    });
  },
});

Deno.test({
  name: `What kube-proxy refuses is refused${LEFT_OUT}`,
  ignore,
  async fn() {
    await using folder = await temporaryFolder();
    await eachOf(REFUSED, async (given, name) => {
      const args = await argumentsOf(given, `${folder.path}/${name}`);
      const text = await kubeProxyWrites(args, `${folder.path}/${name}.out`);
      assert.equal(text, undefined, `kube-proxy accepts ${describe(given)}`);
      if (given.accepted !== undefined) await weirWrites(args);
      else await assert.rejects(weirWrites(args), Error, describe(given));
    });
  },
});

Deno.test({
  name: `Every flag of kube-proxy is one of weir's, under the same name${LEFT_OUT}`,
  ignore,
  async fn() {
    const { stdout } = await runProcess(`${BINARIES}/kube-proxy`, ["--help"], {
      timeoutMs: 30_000,
    });
    const names = [...stdout.matchAll(/^ +(?:-\w, )?--([a-z-]+)/gm)].map(([, name = ""]) => name);
    assert.ok(names.length > 50, stdout);
    const known = new Set(FLAGS.map(({ name }) => name));
    assert.deepEqual(names.filter((name) => !known.has(name) && name !== "help"), []);
  },
});

Deno.test({
  name: `weir --write-config-to writes the very text that kube-proxy writes${LEFT_OUT}`,
  ignore,
  async fn() {
    await using folder = await temporaryFolder();
    const args = ["--proxy-mode=nftables", "--cluster-cidr=10.0.0.0/8"];
    const text = await kubeProxyWrites(args, `${folder.path}/out`);
    await using weir = new WeirProcess([...args, "--write-config-to=/dev/stdout"]);
    assert.equal(await weir.ended(), 0, weir.log);
    assert.equal(weir.output, text);
  },
});

/** Returns the arguments for a case; its file is written to `path`. */
async function argumentsOf({ file, args = [] }: Case, path: string): Promise<readonly string[]> {
  if (file === undefined) return args;
  await Deno.writeTextFile(path, configText(file));
  return ["--config", path, ...args];
}

/** Returns what kube-proxy writes to `file`, or undefined when it refuses. */
async function kubeProxyWrites(
  args: readonly string[],
  file: string,
): Promise<string | undefined> {
  const all = [...args, "--write-config-to", file];
  const { code } = await runProcess(`${BINARIES}/kube-proxy`, all, { timeoutMs: 30_000 });
  return code === 0 ? await Deno.readTextFile(file) : undefined;
}

/** Returns what weir writes. Rejects when it refuses. */
async function weirWrites(args: readonly string[]): Promise<string> {
  const command = await parseCommandLine(args, { readTextFile: Deno.readTextFile });
  assert.ok(command.command === "run");
  return writeConfiguration(command.options.config);
}

/** Fails when two configurations differ in a field without reason, and adds to `seen` the reasons that count. */
function compare(
  kubeProxy: string,
  weir: string,
  { name, seen }: { readonly name: string; readonly seen: Set<Difference> },
): void {
  const [theirs, ours] = [fieldsOf(kubeProxy), fieldsOf(weir)];
  for (const path of new Set([...theirs.keys(), ...ours.keys()])) {
    const [want, have] = [theirs.get(path), ours.get(path)];
    if (want === have) continue;
    const difference = DIFFERENCES.find((each) =>
      each.path.test(path) && each.kubeProxy === want && each.weir === have
    );
    assert.ok(difference, `${path}: kube-proxy writes ${want}, weir ${have}, given ${name}`);
    seen.add(difference);
  }
}

/** Returns the fields of a YAML text that are no groups, as JSON. */
function fieldsOf(text: string): ReadonlyMap<string, string> {
  const document = readDocument(text);
  assert.ok("data" in document, text);
  return new Map(leaves(document.data, ""));
}

function* leaves(value: unknown, path: string): Generator<readonly [string, string]> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    yield [path, JSON.stringify(value)];
    return;
  }
  for (const [key, field] of Object.entries(value)) {
    yield* leaves(field, path === "" ? key : `${path}.${key}`);
  }
}

function describe({ file, args = [] }: Case): string {
  return JSON.stringify([...(file === undefined ? [] : [file]), ...args]);
}

/** Calls `check` with every item and a name for its files, a few at a time. */
async function eachOf<Item>(
  items: readonly Item[],
  check: (item: Item, name: string) => Promise<void>,
): Promise<void> {
  const queue = items.entries();
  const work = async () => {
    for (const [index, item] of queue) await check(item, String(index));
  };
  const outcomes = await Promise.allSettled([work(), work(), work()]);
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

/** Makes a folder that is removed in the end. */
async function temporaryFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await Deno.makeTempDir({ prefix: "weir-config-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
