// deno-lint-ignore-file no-console -- a program for people

// Runs the three rings of tests and prints their totals as the last line. Arguments are passed on to `deno test`.

import { ensureTools } from "../cli/demo/requirements.ts";
import { PROGRAMS } from "../backends/cleanup/tool.ts";
import { parseJUnit, type Ring, RINGS, sum, type Totals } from "./rings.ts";

/** What tests may do: everything is listed, so that code that needs more is noticed. */
function permissions(): readonly string[] {
  const assets = Deno.env.get("KUBEBUILDER_ASSETS");
  const programs = [
    ...[
      "nft",
      "conntrack",
      "sysctl",
      "ip",
      "unshare",
      "nsenter",
      "openssl",
      "systemd-analyze",
      "kill",
      "ps",
      "sh",
      Deno.execPath(),
    ],
    ...PROGRAMS,
    ...assets
      ? ["etcd", "kube-apiserver", "kube-proxy", "kubectl"].map((name) => `${assets}/${name}`)
      : [],
  ];
  return [
    "--no-prompt",
    "--allow-read",
    "--allow-write",
    "--allow-net=127.0.0.1,127.0.0.2,198.51.100.1,[::1],0.0.0.0,[::],localhost",
    "--allow-env",
    "--allow-sys=hostname,networkInterfaces,osRelease,uid",
    `--allow-run=${programs.join(",")}`,
  ];
}

/** Names the ring to a process that was started in a namespace for it. */
const RING = "WEIR_TEST_RING";

async function main(args: readonly string[]): Promise<number> {
  if (Deno.env.get(RING)) return await runInside(args);
  await ensureTools(["nft", "conntrack", "ip", "ps"]);
  if (!Deno.env.has("KUBEBUILDER_ASSETS")) {
    console.log("KUBEBUILDER_ASSETS is not set: tests against a real kube-apiserver are left out");
  }
  const totals: Totals[] = [];
  for (const ring of RINGS) totals.push(await runRing(ring, args));
  const { passed, failed, skipped } = sum(totals);
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

/** Runs a ring and returns its totals. */
async function runRing(ring: Ring, args: readonly string[]): Promise<Totals> {
  console.log(`\n=== ${ring.name} ring ===`);
  if (!ring.namespace) return await runTests(ring, args);
  const waiting = ring.paths.flatMap(testFiles);
  // Types once for all: what the files share would be checked again for each.
  if (await spawn([Deno.execPath(), "check", "--quiet", ...waiting], {}) !== 0) {
    return { passed: 0, failed: 1, skipped: 0 };
  }
  const totals: Totals[] = [];
  const lane = async () => {
    for (let file = waiting.shift(); file !== undefined; file = waiting.shift()) {
      totals.push(await runTests({ ...ring, paths: [file] }, args));
    }
  };
  await Promise.all(Array.from({ length: navigator.hardwareConcurrency + 1 }, lane));
  return sum(totals);
}

/** Returns the files with tests of a folder: each has a namespace to itself, and those of several run at a time. */
function testFiles(folder: string): string[] {
  const names = [...Deno.readDirSync(folder)].map(({ name }) => name);
  return names.filter((name) => name.endsWith("_test.ts")).sort().map((name) =>
    `${folder}/${name}`
  );
}

/** Runs `deno test` on the paths of a ring. A run that ends without a report counts as a failure. */
async function runTests(ring: Ring, args: readonly string[]): Promise<Totals> {
  const report = await Deno.makeTempFile({ prefix: "weir-junit-", suffix: ".xml" });
  try {
    const command = denoTest(ring, [`--junit-path=${report}`, ...args]);
    const code = ring.namespace ? await runInNamespace(ring, command) : await spawn(command, {});
    const totals = parseJUnit(await Deno.readTextFile(report));
    if (totals === undefined || (code !== 0 && totals.failed === 0)) {
      return { passed: totals?.passed ?? 0, failed: 1, skipped: totals?.skipped ?? 0 };
    }
    return totals;
  } finally {
    await Deno.remove(report);
  }
}

function denoTest(ring: Ring, args: readonly string[]): string[] {
  const ignore = ring.ignore.length > 0 ? [`--ignore=${ring.ignore.join(",")}`] : [];
  const mode = ring.namespace ? "--no-check" : "--parallel";
  return [
    Deno.execPath(),
    "test",
    "--quiet",
    "--permit-no-files",
    ...permissions(),
    ...ignore,
    mode,
    ...args,
    ...ring.paths,
  ];
}

/**
 * Starts this program again in a network namespace of its own; without root in a user namespace too. What it says is
 * printed in one piece at its end.
 */
async function runInNamespace(ring: Ring, command: readonly string[]): Promise<number> {
  const unshare = Deno.uid() === 0
    ? ["unshare", "--net"]
    : ["unshare", "--user", "--map-root-user", "--net"];
  const again = [Deno.execPath(), "run", "--quiet", ...permissions(), import.meta.filename ?? ""];
  const rootless = Deno.uid() === 0 ? "" : "1";
  const [program = "", ...rest] = [...unshare, ...again, ...command];
  const env = { [RING]: ring.name, WEIR_TEST_ROOTLESS: rootless };
  const said = await new Deno.Command(program, { args: rest, env, stdin: "null" }).output();
  const text = new TextDecoder();
  console.log(text.decode(said.stdout).trimEnd());
  if (said.stderr.length > 0) console.error(text.decode(said.stderr).trimEnd());
  return said.code;
}

/** Makes loopback work in the new namespace, and runs the tests there. */
async function runInside(command: readonly string[]): Promise<number> {
  await spawn(["ip", "link", "set", "lo", "up"], {});
  return await spawn(command, { [RING]: "", WEIR_TEST_NAMESPACE: "1" });
}

async function spawn(
  [program = "", ...args]: readonly string[],
  env: Record<string, string>,
): Promise<number> {
  const child = new Deno.Command(program, { args, env, stdin: "null" }).spawn();
  return (await child.status).code;
}

Deno.exitCode = await main(Deno.args);
