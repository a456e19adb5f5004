import type { Namespace } from "../cli/demo/namespace.ts";
import { HELPERS, PODS, TRAFFIC_PORT } from "./objects.ts";
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

/** Measures new connections from a pod to Services, in rounds that take turns. */
export async function measureTraffic({ stage, effort }: Trial): Promise<readonly Traffic[]> {
  await stage.node.output("sh", ["-c", SETTINGS]);
  const traffic = PATHS.map(({ title }) => ({
    title,
    rates: [] as number[],
    times: [] as number[],
    failures: 0,
  }));
  for (let round = 0; round < effort.rounds; round++) {
    for (const [index, path] of PATHS.entries()) {
      const all = await connectMany(stage.client, path, effort.connections);
      const times = all.filter((time) => time >= 0);
      const entry = traffic[index]!;
      entry.failures += all.length - times.length;
      entry.times.push(...times);
      entry.rates.push(times.length * 1e6 / times.reduce((sum, time) => sum + time, 0));
    }
  }
  return traffic;
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
