// Runs the kernel ring inside a machine that tests/kernels/main.ts has started, and reports each file on standard output.
// Arguments: the files.

import { must } from "./packages.ts";
import type { Line } from "./protocol.ts";

/** A network namespace of its own for each file, in which loopback works. */
const INSIDE = 'ip link set lo up && exec "$@"';

/** Milliseconds, of the machine's own clock, for one file. */
const TIMEOUT_MS = 30 * 60_000;

async function main(files: readonly string[]): Promise<void> {
  const nft = /v(\S+)/.exec(await must("nft", ["--version"]))?.[1] ?? "";
  report({ kind: "machine", kernel: Deno.osRelease(), nft });
  for (const file of files) report(await run(file));
  report({ kind: "end" });
}

async function run(file: string): Promise<Line> {
  const junitPath = await Deno.makeTempFile({ suffix: ".xml" });
  const test = [Deno.execPath(), "test", "--quiet", "--no-check", "--allow-all"];
  const { code, stdout, stderr } = await new Deno.Command("unshare", {
    args: ["--net", "sh", "-c", INSIDE, "sh", ...test, `--junit-path=${junitPath}`, file],
    env: { WEIR_TEST_NAMESPACE: "1", WEIR_TEST_MACHINE: "1" },
    stdin: "null",
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).output();
  const junit = await Deno.readTextFile(junitPath);
  await Deno.remove(junitPath);
  const said = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes)).join("");
  return { kind: "file", file, code, junit, said };
}

function report(line: Line): void {
  const bytes = new TextEncoder().encode(`${JSON.stringify(line)}\n`);
  for (let at = 0; at < bytes.length;) at += Deno.stdout.writeSync(bytes.subarray(at));
}

await main(Deno.args);
