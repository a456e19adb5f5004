import { FAMILIES } from "../../model/family.ts";
import type { Cluster } from "./cluster.ts";
import { type Effort, Prober, QUICK, THOROUGH } from "./prober.ts";
import { label, type Question, stepName } from "./question.ts";
import { Renderer } from "./render.ts";
import type { Comparison, Run } from "./run.ts";
import {
  type Change,
  clusterService,
  type Piece,
  type Probe,
  type Scenario,
  slice,
} from "./scenario.ts";
import { nftBatch, nodeBatch, type Side } from "./side.ts";

/** Milliseconds for what a proxy does after its rules are in the kernel, unless a run says otherwise. */
const SETTLE_MS = 300;
/** Milliseconds before each further time that a probe is made whose outcomes are not what is expected. */
const PATIENCE_MS = [200, 1_500, 4_000] as const;
/** Probes that a member makes at the same time: most of what a probe takes is waiting. */
const PARALLEL = 4;

/** What the player works with: one API server, and the two labs. */
export interface World {
  readonly cluster: Cluster;
  readonly reference: Side;
  readonly weir: Side;
}

/** Plays runs: every scenario of a run at the same time, step by step, on both sides. */
export class Player {
  readonly #world: World;
  readonly #isExpected: (seen: Comparison) => boolean;
  readonly #signal: AbortSignal;
  readonly #renderer = new Renderer();
  #barriers = 0;

  /** A probe of whose outcomes `isExpected` is true is not made again. */
  constructor(world: World, isExpected: (seen: Comparison) => boolean, signal: AbortSignal) {
    this.#world = world;
    this.#isExpected = isExpected;
    this.#signal = signal;
  }

  /** Plays `run` and returns what was seen, scenario by scenario. */
  async play(run: Run): Promise<readonly Comparison[]> {
    const { cluster, reference, weir } = this.#world;
    const sides = [reference, weir];
    const probers = { reference: new Prober(reference), weir: new Prober(weir) };
    const comparisons: Comparison[] = [];
    const steps = 1 + Math.max(0, ...run.scenarios.map(({ changes = [] }) => changes.length));
    const config = await this.#writeConfig(run);
    await cluster.setNode(run.node);
    try {
      for (let step = 0; step < steps; step++) {
        await this.#change(run, step, config);
        await this.#caughtUp(run);
        comparisons.push(...await this.#compare(run, step, probers));
      }
    } finally {
      await Promise.all(Object.values(probers).map((prober) => prober.closeFlows()));
      await Promise.all(sides.map((side) => side.stop()));
      await Promise.all(sides.map((side) => side.forgetFlows()));
      await cluster.clear();
    }
    const order = new Map(run.scenarios.map(({ name }, index) => [name, index]));
    return comparisons.sort((a, b) => (order.get(a.scenario) ?? 0) - (order.get(b.scenario) ?? 0));
  }

  /** Writes the one file that both proxies read. */
  async #writeConfig(run: Run): Promise<string> {
    const { cluster } = this.#world;
    const path = `${cluster.dir}/config.json`;
    const config = {
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      mode: "nftables",
      hostnameOverride: "node-a",
      clientConnection: { kubeconfig: await cluster.proxyKubeconfig() },
      // no sysctls: the network namespaces of a container may not have them
      conntrack: { maxPerCore: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
      ...run.config,
    };
    await Deno.writeTextFile(path, JSON.stringify(config));
    return path;
  }

  /** Brings the cluster and the nodes to where step `step` begins. */
  async #change(run: Run, step: number, config: string): Promise<void> {
    const { cluster, reference, weir } = this.#world;
    const sides = [reference, weir];
    const all = run.scenarios.flatMap((scenario) => {
      const change = changeOf(scenario, step);
      if (change === undefined) return [];
      const render = (pieces: readonly Piece[] = []) =>
        pieces.flatMap((piece) => this.#renderer.render(scenario, piece));
      return [{ change, removed: render(change.remove), applied: render(change.apply) }];
    });
    const isDown = step === 0 || all.some(({ change }) => change.whileDown);
    if (isDown) await Promise.all(sides.map((side) => side.stop()));
    for (const { change: { node = [], disturbance, zone, taints } } of all) {
      if (zone !== undefined) await cluster.changeNode({ zone });
      if (taints !== undefined) await cluster.changeNode({ taints });
      if (node.length > 0) {
        await Promise.all(sides.map((side) => nodeBatch(side.members.node, node)));
      }
      if (disturbance !== undefined) {
        await Promise.all(sides.map((side) => nftBatch(side.members.node, disturbance[side.name])));
      }
    }
    await cluster.remove(all.flatMap(({ removed }) => removed));
    await cluster.apply(all.flatMap(({ applied }) => applied));
    if (isDown) await Promise.all(sides.map((side) => side.start(config)));
    await sleep(Math.max(0, ...all.map(({ change }) => change.pauseMs ?? 0)));
  }

  /**
   * Resolves when both proxies have done all that the API server has been told up to now. A new Service with endpoints
   * shows it: events of a kind come in their order, and a sync takes all that have come.
   */
  async #caughtUp({ settleMs = SETTLE_MS, stallsReference = false }: Run): Promise<void> {
    const { cluster, reference, weir } = this.#world;
    const scenario = { name: `barrier ${++this.#barriers}`, objects: [], probes: [] };
    const pieces = [clusterService(), slice(["pod-a"])];
    const barrier = pieces.map((piece) => this.#renderer.render(scenario, piece));
    for (const objects of barrier) await cluster.apply(objects);
    const probe = { service: "web", port: 80, to: "cluster IP", families: FAMILIES } as Probe;
    const [IPv4, IPv6] = FAMILIES.map((family) =>
      this.#renderer.place(scenario, probe, family)?.address ?? ""
    ) as [string, string];
    const sides = stallsReference ? [weir] : [reference, weir];
    await Promise.all(sides.map((side) => side.answers({ IPv4, IPv6 }, this.#signal)));
    await cluster.remove(barrier.flat());
    await sleep(settleMs);
  }

  /** Makes every probe of a step on both sides; where that comes out otherwise than expected, again and more thoroughly. */
  async #compare(
    run: Run,
    step: number,
    probers: { readonly reference: Prober; readonly weir: Prober },
  ): Promise<readonly Comparison[]> {
    const questions = run.scenarios.flatMap((scenario) => this.#questions(scenario, step));
    const seen = new Map<Question, Comparison>();
    let open: readonly Question[] = questions;
    for (const [attempt, patience] of [0, ...PATIENCE_MS].entries()) {
      if (open.length === 0) break;
      const effort = attempt === 0 ? QUICK : THOROUGH;
      await sleep(patience);
      const [reference, weir] = await Promise.all([
        this.#ask(probers.reference, open, effort),
        this.#ask(probers.weir, open, effort),
      ]);
      for (const question of open) {
        seen.set(question, {
          run: run.name,
          scenario: question.scenario.name,
          step: stepName(question.scenario, step),
          probe: label(question),
          reference: reference.get(question) ?? "",
          weir: weir.get(question) ?? "",
        });
      }
      open = open.filter((question) => !this.#isExpected(seen.get(question)!));
    }
    return [...seen.values()];
  }

  /** Returns the probes of a scenario at a step; none after its last change. */
  #questions(scenario: Scenario, step: number): Question[] {
    if (step > (scenario.changes?.length ?? 0)) return [];
    return scenario.probes.flatMap((probe, index) =>
      FAMILIES.flatMap((family) => {
        const place = this.#renderer.place(scenario, probe, family);
        const key = `${scenario.name} ${index} ${family}`;
        return place === undefined ? [] : [{ scenario, probe, family, place, key }];
      })
    );
  }

  /** Asks the questions: a few of each member at the same time, in their order. */
  async #ask(
    prober: Prober,
    questions: readonly Question[],
    effort: Effort,
  ): Promise<ReadonlyMap<Question, string>> {
    const answers = new Map<Question, string>();
    const byMember = Object.values(Object.groupBy(questions, ({ probe }) => probe.from));
    await Promise.all(byMember.map(async (own = []) => {
      const rest = own.values();
      await Promise.all(Array.from({ length: PARALLEL }, async () => {
        for (const question of rest) {
          this.#signal.throwIfAborted();
          const { probe, place, key } = question;
          answers.set(question, await prober.outcome(probe, place, key, effort));
        }
      }));
    }));
    return answers;
  }
}

/** Returns what happens to a scenario as step `step` begins; at the first one it appears. */
function changeOf(scenario: Scenario, step: number): Change | undefined {
  if (step > 0) return scenario.changes?.[step - 1];
  return { what: "the beginning", apply: scenario.objects };
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
