import type { Namespace } from "../cli/demo/namespace.ts";
import { HELPERS, PODS, TRAFFIC_PORT } from "./objects.ts";
import { startOver } from "./measure_starts.ts";
import type { Stage } from "./stage.ts";
import type { Traffic, Trial } from "./trial.ts";
import type { Transport } from "./traffic/libc.ts";

/** Milliseconds that a round may take. */
const ROUND_LIMIT_MS = 120_000;

const PATHS: readonly { title: string; transport: Transport; address: string }[] = [
  { title: "TCP", transport: "TCP", address: HELPERS.traffic },
  { title: "UDP", transport: "UDP", address: HELPERS.traffic },
  { title: "TCP, ClientIP affinity", transport: "TCP", address: HELPERS.sticky },
  { title: "UDP, ClientIP affinity", transport: "UDP", address: HELPERS.sticky },
];

/** Seconds after which the node forgets connections, so that source ports can be used again as new ones. */
const SETTINGS = ["nf_conntrack_udp_timeout", "nf_conntrack_tcp_timeout_close"]
  .map((name) => `echo 1 > /proc/sys/net/netfilter/${name}`).join("; ");

/** Starts what answers to {@linkcode measureTraffic}. It ends with the stage. */
export async function startResponders({ server }: Stage): Promise<void> {
  const port = String(TRAFFIC_PORT);
  await Promise.all([
    respond(server, "tcp_responder.ts", [port]),
    respond(server, "udp_responder.ts", [port, ...PODS]),
  ]);
}

/**
 * Measures new connections from a pod to Services through the rules of each proxy, which take turns: the machine may be
 * faster at one time than at another. Returns what was found for each of `trials`, in their order.
 */
export async function measureTraffic(trials: readonly Trial[]): Promise<readonly Traffic[][]> {
  const all = trials.map(() => PATHS.map(noTraffic));
  const { stage, effort } = trials[0]!;
  await stage.node.output("sh", ["-c", SETTINGS]);
  const began = performance.now();
  for (let round = 0; round < effort.rounds; round++) {
    for (const [index, trial] of trials.entries()) {
      await using _process = await startOver(trial);
      for (const [at, path] of PATHS.entries()) {
        add(all[index]![at]!, await connectOften(trial, path));
      }
    }
    if (performance.now() - began > effort.budgetMs) break;
  }
  return all;
}

/** Traffic that is still to be measured. */
interface Growing extends Traffic {
  readonly rates: number[];
  readonly times: number[];
  failures: number;
}

function noTraffic({ title }: { readonly title: string }): Growing {
  return { title, rates: [], times: [], failures: 0 };
}

/** Adds a round: microseconds of each connection, negative for one that failed. */
function add(traffic: Growing, round: readonly number[]): void {
  const times = round.filter((time) => time >= 0);
  traffic.failures += round.length - times.length;
  traffic.times.push(...times);
  traffic.rates.push(times.length * 1e6 / times.reduce((sum, time) => sum + time, 0));
}

function connectOften(
  { stage, effort }: Trial,
  path: (typeof PATHS)[number],
): Promise<readonly number[]> {
  return connectMany(stage.client, path, effort.connections);
}

async function connectMany(
  client: Namespace,
  { transport, address }: { readonly transport: Transport; readonly address: string },
  count: number,
): Promise<readonly number[]> {
  const args = [...pinned(0, "connector.ts"), transport, address, "80", String(count)];
  return JSON.parse(await client.output("taskset", args, { timeoutMs: ROUND_LIMIT_MS }));
}

/** Starts a program in the pod and waits until it says that it is ready. */
async function respond(server: Namespace, program: string, args: readonly string[]): Promise<void> {
  const streams = { stdin: "null", stdout: "piped", stderr: "inherit" } as const;
  const core = navigator.hardwareConcurrency > 1 ? 1 : 0;
  const child = server.spawn("taskset", [...pinned(core, program), ...args], streams);
  const reader = child.stdout.getReader();
  const { done } = await reader.read();
  void reader.cancel();
  if (done) throw new Error(`The responder "${program}" has ended`);
}

/**
 * Returns the arguments of `taskset` that run a program on one core. Left to the scheduler, both ends are sometimes on one
 * core and sometimes on two, which makes more of a difference than any rules.
 */
function pinned(core: number, program: string): string[] {
  const script = new URL(`./traffic/${program}`, import.meta.url).href;
  const flags = ["--no-prompt", "--no-config", "--no-lock", "--no-check", "--allow-ffi"];
  return ["--cpu-list", String(core), Deno.execPath(), "run", ...flags, script];
}
