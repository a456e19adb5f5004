import type { DemoFiles } from "./files.ts";
import { type Column, duration, type Report } from "./report.ts";
import { RuleWatch } from "./rule_watch.ts";
import { addServingPod, PODS, type Stage } from "./stage.ts";
import { Traffic } from "./traffic.ts";

/** Milliseconds of traffic in each phase at least, and connections: with 60, chance does not leave a pod out. */
const PHASE_MS = 700, PHASE_CONNECTIONS = 60;

type PodName = keyof typeof PODS;

/** A span of time between changes, and who is to answer in it. */
interface Phase {
  readonly what: string;
  /** Milliseconds from writing the file to the kernel's announcement. */
  readonly took?: number;
  readonly from: number;
  readonly to: number;
  readonly pods: readonly PodName[];
}

/** When a change was written to the file, and when the kernel announced it (`performance.now()`). */
interface Change {
  readonly written: number;
  readonly seen: number;
}

const COLUMNS: readonly Column[] = [
  { title: "endpoints of my-svc" },
  { title: "file to kernel", align: "right" },
  ...[...Object.keys(PODS), "failed"].map((title) => ({ title, align: "right" as const })),
];

/** Takes a pod away and adds one while connections go on, and shows the effect. */
export async function changeScene(report: Report, stage: Stage, files: DemoFiles): Promise<void> {
  report.heading("pod-2 goes and pod-3 comes, while the pod keeps connecting to my-svc");
  const rules = await RuleWatch.start(stage.node);
  const traffic = new Traffic(stage.asker, "10.96.0.10", 80);
  let phases: readonly Phase[];
  try {
    phases = await changeEndpoints(stage, { rules, traffic }, `${files.manifests}/my-svc.yaml`);
  } finally {
    await traffic.stop();
    await rules.close();
  }
  report.table(COLUMNS, phases.map((phase) => rowOf(phase, traffic)));
  const all = traffic.all();
  report.say(`${sum(all)} connections in all, ${failed(all)} failed`);
  for (const phase of phases) checkPhase(report, phase, traffic);
  report.claim("no connection fails while endpoints change", failed(all) === 0);
}

async function changeEndpoints(
  stage: Stage,
  { rules, traffic }: { readonly rules: RuleWatch; readonly traffic: Traffic },
  file: string,
): Promise<readonly Phase[]> {
  const start = performance.now();
  await traffic.flow(PHASE_MS, PHASE_CONNECTIONS);
  const full = await Deno.readTextFile(file);
  const less = full.replace(endpoint("pod-2"), "");
  const removed = await write(file, less, { rules, verb: "delete", pod: "pod-2" });
  // A pod that is no endpoint any more gets time to finish what it has begun, as in a cluster.
  await traffic.flow(PHASE_MS, PHASE_CONNECTIONS);
  await stage.lab.remove(stage.podTwo);
  await addServingPod(stage.lab, "pod-3");
  const more = less + endpoint("pod-3");
  const added = await write(file, more, { rules, verb: "add", pod: "pod-3" });
  await traffic.flow(PHASE_MS, PHASE_CONNECTIONS);
  const end = performance.now();
  return [
    { what: "as in the file", from: start, to: removed.written, pods: ["pod-1", "pod-2"] },
    { what: "pod-2 removed", ...between(removed, added.written), pods: ["pod-1"] },
    { what: "pod-3 added", ...between(added, end), pods: ["pod-1", "pod-3"] },
  ];
}

function between(change: Change, to: number): Pick<Phase, "took" | "from" | "to"> {
  return { took: change.seen - change.written, from: change.seen, to };
}

/** An endpoint as `my-svc.yaml` has it, at the end of the file. */
function endpoint(pod: PodName): string {
  return `  - addresses: [${PODS[pod][0]}]\n`;
}

/** Writes the file and waits for the kernel's word about a pod. */
async function write(
  file: string,
  text: string,
  { rules, verb, pod }: { rules: RuleWatch; verb: "add" | "delete"; pod: PodName },
): Promise<Change> {
  const address = PODS[pod][0].replaceAll(".", "\\.");
  const announced = rules.next(new RegExp(`^${verb} element ip weir .* : ${address} `));
  const written = performance.now();
  await Deno.writeTextFile(file, text);
  return { written, seen: await announced };
}

function rowOf(phase: Phase, traffic: Traffic): string[] {
  const counts = traffic.between(phase.from, phase.to);
  return [
    phase.what,
    phase.took === undefined ? "" : duration(phase.took),
    ...Object.keys(PODS).map((pod) => String(counts.get(pod) ?? 0)),
    String(failed(counts)),
  ];
}

function checkPhase(report: Report, phase: Phase, traffic: Traffic): void {
  const who = [...traffic.between(phase.from, phase.to).keys()].sort().join();
  report.claim(`${phase.what}: ${phase.pods.join(" and ")} answer`, who === phase.pods.join());
}

function sum(counts: ReadonlyMap<string, number>): number {
  return [...counts.values()].reduce((total, n) => total + n, 0);
}

/** Counts what no pod answered. */
function failed(counts: ReadonlyMap<string, number>): number {
  return sum(new Map([...counts].filter(([who]) => !(who in PODS))));
}
