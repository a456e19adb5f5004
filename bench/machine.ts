import { WEIR_VERSION } from "../cli/version.ts";
import { runProcess } from "../backends/process.ts";

/** Returns what the measurements were made on and with, as pairs of a name and a text. */
export async function describeMachine(
  binaries: string,
): Promise<readonly (readonly [name: string, text: string])[]> {
  const gibibytes = Math.round(Deno.systemMemoryInfo().total / 2 ** 30);
  return [
    ["processor", `${await processor()}, ${navigator.hardwareConcurrency} cores`],
    ["memory", `${gibibytes} GiB`],
    ["kernel", `Linux ${Deno.osRelease()}`],
    ["nft", await versionOf("nft")],
    ["kube-proxy", await versionOf(`${binaries}/kube-proxy`)],
    ["weir", `v${WEIR_VERSION} on Deno ${Deno.version.deno}`],
    ["date", new Date().toISOString().slice(0, 10)],
  ];
}

async function processor(): Promise<string> {
  const info = await Deno.readTextFile("/proc/cpuinfo");
  return /^model name\s*: (.+)$/m.exec(info)?.[1] ?? Deno.build.arch;
}

async function versionOf(program: string): Promise<string> {
  const { stdout } = await runProcess(program, ["--version"], { timeoutMs: 10_000 });
  return /v\d[\w.+-]*/.exec(stdout)?.[0] ?? stdout.trim();
}
