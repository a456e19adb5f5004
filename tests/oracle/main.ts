// deno-lint-ignore-file no-console -- a program for people

// Plays the same scenarios against kube-proxy and weir, side by side on one API server, with real packets, and prints
// what differs. Arguments: `--all` prints every outcome; of words, only scenarios whose names contain one are played.

import { fileURLToPath } from "node:url";
import { ensureTools } from "../../cli/demo/requirements.ts";
import { apiServerBinaries } from "../support/api_server.ts";
import { Cluster } from "./cluster.ts";
import { DELIBERATE, isExpected } from "./differences.ts";
import { Player } from "./player.ts";
import { kubeProxy, weir } from "./proxies.ts";
import { digest, judge, stale } from "./report.ts";
import type { Comparison, Run } from "./run.ts";
import { RUNS } from "./scenarios/runs.ts";
import { Side } from "./side.ts";

/** Tells the process that it is in a network namespace of its own. */
const INSIDE = "WEIR_TEST_NAMESPACE";

const SIGNALS = ["SIGTERM", "SIGINT"] as const;

const PERMISSIONS = [
  "--no-prompt",
  "--allow-read",
  "--allow-write",
  "--allow-net=127.0.0.1",
  "--allow-env",
  "--allow-run",
  "--allow-sys=uid",
];

async function main(words: readonly string[]): Promise<number> {
  await ensureTools(["nft", "conntrack", "ip", "unshare", "nsenter"]);
  if (apiServerBinaries() === undefined) {
    console.error("Set KUBEBUILDER_ASSETS to the folder with etcd, kube-apiserver and kube-proxy");
    return 1;
  }
  if (Deno.env.get(INSIDE) !== "1") return await again(words);
  await new Deno.Command("ip", { args: ["link", "set", "lo", "up"] }).output();
  const stop = new AbortController();
  for (const name of SIGNALS) {
    Deno.addSignalListener(name, () => stop.abort(new Error(`Stopped by ${name}`)));
  }
  const names = words.filter((word) => word !== "--all");
  const shows = names.length < words.length ? "everything" : "differences";
  return await compare(chosen(RUNS, names), shows, stop.signal);
}

/** Starts this program again in a network namespace of its own; without root in a user namespace too. */
async function again(words: readonly string[]): Promise<number> {
  const user = Deno.uid() === 0 ? [] : ["--user", "--map-root-user"];
  const self = fileURLToPath(import.meta.url);
  const args = [...user, "--net", Deno.execPath(), "run", ...PERMISSIONS, self, ...words];
  const env = { [INSIDE]: "1" };
  const child = new Deno.Command("unshare", { args, env, stdin: "null" }).spawn();
  // This process waits until the other one has cleaned up.
  for (const name of SIGNALS) Deno.addSignalListener(name, () => child.kill(name));
  return (await child.status).code;
}

function chosen(runs: readonly Run[], words: readonly string[]): readonly Run[] {
  const isChosen = (name: string) =>
    words.length === 0 || words.some((word) => name.includes(word));
  return runs.map((one) => ({
    ...one,
    scenarios: one.scenarios.filter(({ name }) => isChosen(name)),
  })).filter(({ scenarios }) => scenarios.length > 0);
}

async function compare(
  runs: readonly Run[],
  shows: "differences" | "everything",
  signal: AbortSignal,
): Promise<number> {
  await using cluster = await Cluster.start();
  await using reference = await Side.create(kubeProxy(apiServerBinaries()!), 2, cluster.dir);
  await using subject = await Side.create(weir, 3, cluster.dir);
  const player = new Player(
    { cluster, reference, weir: subject },
    (seen) => isExpected(DELIBERATE, seen),
    signal,
  );
  const all: Comparison[] = [];
  let failures = 0;
  for (const one of runs) {
    const begun = performance.now();
    try {
      const comparisons = await player.play(one);
      all.push(...comparisons);
      console.log(`\n=== ${one.name} (${((performance.now() - begun) / 1000).toFixed(1)} s) ===`);
      for (const line of judge(comparisons, DELIBERATE, shows).lines) console.log(line);
    } catch (error) {
      signal.throwIfAborted();
      failures++;
      console.log(`\n=== ${one.name}: could not be played ===\n${messageOf(error)}`);
    }
  }
  return conclude(all, failures);
}

/** Prints the end of the report, and returns the exit code. `failures` counts the runs that could not be played. */
function conclude(all: readonly Comparison[], failures: number): number {
  const { unexplained } = judge(all, DELIBERATE);
  const forgotten = stale(all, DELIBERATE);
  const scenarios = new Set(all.map(({ scenario }) => scenario)).size;
  console.log(`\n${scenarios} scenarios, ${all.length} probes on each side`);
  for (const { scenario, section } of forgotten) {
    console.log(`Listed as deliberate ("${section}"), but did not show: ${scenario}`);
  }
  if (unexplained.length > 0) console.log(`\nDifferences that are not listed as deliberate:`);
  for (const line of digest(unexplained)) console.log(line);
  if (failures > 0) console.log(`\nRuns that could not be played: ${failures}`);
  const isGood = failures === 0 && all.length > 0 && unexplained.length === 0 &&
    forgotten.length === 0;
  console.log(isGood ? "\nNothing differs but what is meant to" : "\nFAILED");
  return isGood ? 0 : 1;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

if (import.meta.main) {
  const code = await main(Deno.args).catch((error) => {
    console.error(messageOf(error));
    return 1;
  });
  Deno.exit(code);
}
