/**
 * Measures kube-proxy and weir side by side, see `deno task bench --help`.
 *
 * It starts itself again in a network namespace of its own, where the API server, the node with its rules and both
 * proxies are. It runs with all permissions, because Deno lets nobody else read /proc.
 */
import { ensureTools } from "../cli/demo/requirements.ts";
import { apiServerBinaries } from "../tests/support/api_server.ts";
import type { Shape } from "./cluster.ts";
import { filledServer } from "./filled_server.ts";
import { describeMachine } from "./machine.ts";
import { measureFloor } from "./measure_floor.ts";
import { measureTraffic, startResponders } from "./measure_traffic.ts";
import { type BenchOptions, parseOptions } from "./options.ts";
import { configuration, kubeProxy, weir } from "./proxies.ts";
import { type Comparison, report } from "./report.ts";
import { runTrial } from "./run_trial.ts";
import { createStage, type Stage } from "./stage.ts";
import { together, type Turn } from "./trial.ts";

/** Set for the process inside the namespace. */
const INSIDE = "WEIR_BENCH_NAMESPACE";

async function main(args: readonly string[]): Promise<number> {
  try {
    const options = parseOptions(args);
    const binaries = apiServerBinaries();
    if (binaries === undefined) {
      throw new Error(
        "KUBEBUILDER_ASSETS is not set, set it to a folder with etcd, kube-apiserver and kube-proxy",
      );
    }
    if (!Deno.env.has(INSIDE)) return await enter(args);
    await bench(options, binaries);
    return 0;
  } catch (error) {
    say(`Error: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

/**
 * Starts this program again in a network namespace; without root in a user namespace too. Its processes are in a
 * namespace of their own as well, so that none outlives it, however it ends.
 */
async function enter(args: readonly string[]): Promise<number> {
  await ensureTools(["nft", "ip", "unshare", "nsenter"]);
  const user = Deno.uid() === 0 ? [] : ["--user", "--map-root-user"];
  const again = [Deno.execPath(), "run", "--allow-all", import.meta.filename ?? "", ...args];
  const command = new Deno.Command("unshare", {
    args: [...user, "--net", "--pid", "--fork", "--kill-child", "--mount-proc", "--", ...again],
    env: { [INSIDE]: "1" },
    stdin: "null",
  });
  const child = command.spawn();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    Deno.addSignalListener(name, () => child.kill("SIGKILL"));
  }
  return (await child.status).code;
}

async function bench(
  { shapes, effort, data, output }: BenchOptions,
  binaries: string,
): Promise<void> {
  const machine = await describeMachine(binaries);
  await using stage = await createStage();
  await startResponders(stage);
  const comparisons: Comparison[] = [];
  // Where files are kept changes nothing in the results.
  const flags = Deno.args.filter((arg) => !/^--(data|output)=/.test(arg));
  const command = ["deno task bench", ...flags].join(" ");
  for (const shape of shapes) {
    comparisons.push(await compare(shape, { stage, effort, data, binaries }));
    const text = report({ machine, comparisons, command });
    if (output === undefined) print(`\n${text}`);
    else await Deno.writeTextFile(output, text);
  }
  say(output === undefined ? "Done" : `Written to ${output}`);
}

/** Clusters of more Services than this are measured in one turn: differences are larger there than the machine's moods. */
const MOST_FOR_TURNS = 2_000;

/** Runs both proxies on a new API server with the data of one shape. */
async function compare(
  shape: Shape,
  { stage, effort, data, binaries }: Pick<BenchOptions, "effort" | "data"> & {
    readonly stage: Stage;
    readonly binaries: string;
  },
): Promise<Comparison> {
  const tell = (text: string) => say(`${shape.title}: ${text}`);
  await using filled = await filledServer(shape, data, tell);
  const { server, admin, cluster } = filled;
  const config = `${server.dir}/proxy.yaml`;
  await Deno.writeTextFile(config, configuration(server.proxyKubeconfig));
  const trials = [kubeProxy(binaries), weir()].map((proxy) => ({
    proxy,
    cluster,
    stage,
    effort,
    config,
  }));
  const turns = shape.services > MOST_FOR_TURNS ? 1 : effort.turns;
  const found: Turn[][] = trials.map(() => []);
  const floor: number[] = [];
  for (let turn = 0; turn < turns; turn++) {
    for (const [index, trial] of trials.entries()) {
      found[index]?.push(await runTrial(trial, (text) => tell(`${trial.proxy.name}: ${text}`)));
    }
    tell("the API server and nft alone");
    floor.push(...await measureFloor({ cluster, admin, changes: effort.changes }));
  }
  tell("new connections");
  const traffic = await measureTraffic(trials);
  const [theirs, ours] = found.map((parts, index) => ({
    ...together(parts),
    traffic: traffic[index]!,
  }));
  const { title, endpoints } = shape;
  return {
    title,
    endpoints,
    floor,
    kubeProxy: theirs!,
    weir: ours!,
  };
}

function say(text: string): void {
  print(`${new Date().toTimeString().slice(0, 8)} ${text}`);
}

function print(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(`${text}\n`));
}

Deno.exit(await main(Deno.args));
