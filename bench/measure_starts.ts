import { systemClock } from "../model/clock.ts";
import { HELPERS } from "./objects.ts";
import { cpuSeconds, MemoryWatch, residentBytes } from "./process_tree.ts";
import { untilQuiet } from "./quiet.ts";
import { ProxyProcess } from "./proxy_process.ts";
import type { Starts, Trial } from "./trial.ts";

/** Milliseconds between two attempts to connect, and for an answer. */
const PROBE_PAUSE_MS = 5;
const PROBE_PATIENCE_MS = 20;

/** Refusals in a row that tell that a Service has no endpoints any more. */
const REFUSALS = 5;

/** Milliseconds in which a proxy that has started becomes quiet: what the start left behind is given back by then. */
const SETTLE_MS = 3_000;

/** Milliseconds that any start may take. */
const START_LIMIT_MS = 900_000;

/** Connections to each sampled Service. */
const SAMPLE_CONNECTIONS = 5;

/**
 * Measures how long the proxy takes from the start of its process until connections arrive, without rules and over the
 * rules of the process before. Resolves with a process that goes on running.
 *
 * While it is down before a restart, a Service gets its endpoint: the one thing that tells old rules from new ones, as
 * both proxies write all of their rules in one transaction.
 */
export async function measureStarts(
  trial: Trial,
): Promise<{ readonly starts: Starts; readonly running: ProxyProcess }> {
  const { effort, cluster } = trial;
  const starts: Mutable<Starts> = { fresh: [], again: [], cpuSeconds: [], resident: [], peak: [] };
  const began = performance.now();
  let times = 0;
  while (true) {
    await clean(trial);
    await untilQuiet(effort.quietMs);
    await measureFresh(trial, starts);
    await cluster.mark(true);
    // What a proxy has begun may be done by its nft after its end: then there is nothing to be waited for.
    const isOff = await probe(trial) === "refused";
    const running = await launch(trial, (ms) => {
      if (isOff) starts.again.push(ms);
    });
    const isLast = ++times >= effort.starts;
    if (isLast || performance.now() - began > effort.budgetMs) return { starts, running };
    await running[Symbol.asyncDispose]();
  }
}

/** Starts the proxy over an empty ruleset. Resolves when everything is in force and the process has become quiet. */
export async function startOver(trial: Trial): Promise<ProxyProcess> {
  await clean(trial);
  const process = await launch(trial, () => {});
  await systemClock.sleep(SETTLE_MS);
  return process;
}

async function measureFresh(trial: Trial, starts: Mutable<Starts>): Promise<void> {
  await using process = start(trial);
  using memory = new MemoryWatch(process.pid);
  starts.fresh.push(await untilMarked(trial, process, true) - process.started);
  starts.cpuSeconds.push(cpuSeconds(process.pid));
  await checkSamples(trial);
  await systemClock.sleep(SETTLE_MS);
  starts.resident.push(residentBytes(process.pid));
  starts.peak.push(memory.peak);
  await trial.cluster.mark(false);
  await untilMarked(trial, process, false);
}

async function launch(trial: Trial, took: (ms: number) => void): Promise<ProxyProcess> {
  const process = start(trial);
  try {
    took(await untilMarked(trial, process, true) - process.started);
    await checkSamples(trial);
    return process;
  } catch (error) {
    await process[Symbol.asyncDispose]();
    throw error;
  }
}

function start({ stage, proxy, config }: Trial): ProxyProcess {
  return new ProxyProcess(stage.node, proxy.command(config));
}

/** Removes all rules. */
async function clean({ stage }: Trial): Promise<void> {
  await stage.node.output("nft", ["flush", "ruleset"], { timeoutMs: START_LIMIT_MS });
}

/** Waits until the marker Service answers, or refuses to as it has no endpoints, and returns when that was. */
async function untilMarked(trial: Trial, process: ProxyProcess, on: boolean): Promise<number> {
  // Being answered is proof; a single refusal may have other reasons.
  const needed = on ? 1 : REFUSALS;
  let seen = 0;
  while (performance.now() - process.started < START_LIMIT_MS) {
    process.check();
    seen = await probe(trial) === (on ? "answered" : "refused") ? seen + 1 : 0;
    if (seen >= needed) return performance.now();
    await systemClock.sleep(PROBE_PAUSE_MS);
  }
  throw new Error("The proxy has not done its first sync in time");
}

/** Connects to the marker Service once, and returns what came of it. */
async function probe({ stage }: Trial): Promise<string> {
  const options = { timeoutMs: PROBE_PATIENCE_MS };
  const { result } = await stage.client.connect(HELPERS.marker, 80, options);
  return result;
}

/** Connects to Services from the first to the last: what is in force has to be all of it. */
async function checkSamples({ stage, cluster }: Trial): Promise<void> {
  for (const address of cluster.samples) {
    const options = { timeoutMs: 2_000 };
    const outcomes = await stage.client.connectMany(address, 80, SAMPLE_CONNECTIONS, options);
    const bad = outcomes.find(({ result }) => result !== "answered");
    if (bad !== undefined) throw new Error(`A connection to "${address}" ended as ${bad.result}`);
  }
}

type Mutable<T> = { [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };
