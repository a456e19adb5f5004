// deno-lint-ignore-file no-console -- a program for people

// Boots Debian's cloud kernels in qemu, without KVM, and runs the kernel ring on each with two versions of nft. Arguments:
// `--kernel=6.1` and `--nft=1.0.6` choose machines; of words, only files of tests whose names contain one are run. Results of
// whole runs are kept, and docs/compatibility.md is written from the last ones.

import { parseArgs } from "node:util";
import { projectPath } from "../support/weir_process.ts";
import { QEMU, runMachine } from "./machine.ts";
import { type Combination, combinations, KERNELS, titleOf, USERLANDS } from "./matrix.ts";
import { type FileLine, parseLine } from "./protocol.ts";
import { isGood, replaceGenerated, summary } from "./report.ts";
import { type FileResult, fileResult, type Result } from "./results.ts";
import { suitesIn } from "./packages.ts";
import { makeSystem, type SystemOptions } from "./system.ts";
import { CannotRunError, ensureTools } from "./tools.ts";

const DOCUMENT = projectPath("docs/compatibility.md");

/** The folder for packages and results: hundreds of megabytes, which may be removed at any time. */
const CACHE = `${
  Deno.env.get("XDG_CACHE_HOME") ?? `${Deno.env.get("HOME") ?? "/root"}/.cache`
}/weir-kernels`;

/** How long a machine may take: the whole ring takes about an hour where nothing else runs. */
const TIMEOUT_MS = 5 * 3_600_000;

/** How much of a console is shown when a machine fails. */
const TAIL = 2_000;

async function main(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      kernel: { type: "string", multiple: true, default: [] },
      nft: { type: "string", multiple: true, default: [] },
    },
  });
  const chosen = combinations(values.kernel, values.nft);
  const tests = await testFiles(positionals);
  if (chosen.length === 0 || tests.length === 0) throw new CannotRunError(usage());
  await ensureTools(console.log);
  await Deno.mkdir(`${CACHE}/results`, { recursive: true });
  const stop = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) {
    Deno.addSignalListener(name, () => stop.abort(new CannotRunError(`Stopped by ${name}`)));
  }
  const { signal } = stop;
  const suite = suitesIn({ cache: CACHE, signal });
  const results: Result[] = [];
  for (const combination of chosen) {
    console.log(`\n=== ${titleOf(combination)} ===`);
    const result = await runOn({ combination, suite, tests, signal, denoDir: `${CACHE}/deno` });
    console.log(summary(result));
    results.push(result);
    if (positionals.length === 0 && result.complete) await keep(combination, result);
  }
  console.log("");
  for (const [index, result] of results.entries()) {
    console.log(`${titleOf(chosen[index]!)}: ${summary(result)}`);
  }
  return results.every(isGood) ? 0 : 1;
}

function usage(): string {
  const series = KERNELS.map((kernel) => kernel.series).join(", ");
  const nft = USERLANDS.map((userland) => userland.nft).join(", ");
  return `Cannot find what to run: kernels are ${series}, nft is ${nft}, and words are parts of names in tests/kernel`;
}

/** Returns the files of the kernel ring whose names contain one of `words`; all of them when there are none. */
async function testFiles(words: readonly string[]): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const { name } of Deno.readDir(projectPath("tests/kernel"))) {
    const isWanted = words.length === 0 || words.some((word) => name.includes(word));
    if (name.endsWith("_test.ts") && isWanted) files.push(`tests/kernel/${name}`);
  }
  return files.sort();
}

/** Makes a machine, and runs the tests on it. */
async function runOn(
  options: Omit<SystemOptions, "initramfs"> & { readonly signal: AbortSignal },
): Promise<Result> {
  const { combination, signal } = options;
  const folder = await Deno.makeTempDir({ prefix: "weir-kernel-" });
  const [initramfs, consoleFile] = [`${folder}/initramfs`, `${folder}/console`];
  const files: FileResult[] = [];
  let complete = false;
  try {
    const system = await makeSystem({ ...options, initramfs });
    const { kernel, kernelVersion, programs } = system;
    console.log(`Linux ${kernelVersion}, nftables ${programs.nftables}`);
    const onLine = (text: string) => {
      const line = parseLine(text);
      if (line?.kind === "end") complete = true;
      if (line?.kind !== "file") return;
      files.push(fileResult(line));
      show(line, files.at(-1)!);
    };
    const timeoutMs = TIMEOUT_MS;
    const machine = { kernel, initramfs, console: consoleFile, onLine, timeoutMs, signal };
    await runMachine(machine).catch((error) => {
      signal.throwIfAborted();
      console.log(`Error: ${error instanceof Error ? error.message : error}`);
    });
    if (!complete) {
      const said = await Deno.readTextFile(consoleFile).catch(() => "");
      console.log(`The machine ("${QEMU}") did not finish. Its console:\n${said.slice(-TAIL)}`);
    }
    return {
      series: combination.kernel.series,
      kernel: kernelVersion,
      programs,
      deno: Deno.version.deno,
      date: new Date().toISOString().slice(0, 10),
      complete,
      files,
    };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

function show({ said, code }: FileLine, { file, passed, failed, skipped }: FileResult): void {
  const time = new Date().toTimeString().slice(0, 8);
  console.log(`${time} ${file}: ${passed} passed, ${failed} failed, ${skipped} skipped`);
  if (code !== 0) console.log(said.trimEnd());
}

/** Keeps a result for the document, and writes it. */
async function keep(combination: Combination, result: Result): Promise<void> {
  const file = (one: Combination) => `${CACHE}/results/${titleOf(one)}.json`;
  await Deno.writeTextFile(file(combination), JSON.stringify(result, null, 2));
  const kept: Result[] = [];
  for (const one of combinations([], [])) {
    const text = await Deno.readTextFile(file(one)).catch(() => undefined);
    if (text !== undefined) kept.push(JSON.parse(text));
  }
  const document = await Deno.readTextFile(DOCUMENT);
  await Deno.writeTextFile(DOCUMENT, replaceGenerated(document, kept));
}

try {
  Deno.exitCode = await main(Deno.args);
} catch (error) {
  if (!(error instanceof CannotRunError)) throw error;
  console.error(`Error: ${error.message}`);
  Deno.exitCode = 1;
}
