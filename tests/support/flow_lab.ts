import { spawnedConntrack } from "../../backends/conntrack/conntrack.ts";
import { Reconciler } from "../../backends/conntrack/reconciler.ts";
import { type StreamProcess, streamProcess } from "../../backends/stream_process.ts";
import { advance } from "../../model/advance.ts";
import { systemClock } from "../../model/clock.ts";
import { type DesiredState, emptyState } from "../../model/desired_state.ts";
import { FAMILIES, type Family } from "../../model/family.ts";
import type { ClusterObject } from "../../model/objects.ts";
import type { Settings } from "../../model/settings.ts";
import { ClusterLab } from "./cluster_lab.ts";
import { settings, snapshotOf } from "./objects.ts";

/** A {@linkcode ClusterLab} on whose node UDP flows are reconciled, when the test says so. */
export class FlowLab implements AsyncDisposable {
  readonly cluster: ClusterLab;
  #reconcilers: ReadonlyMap<Family, Reconciler>;
  readonly #states = new Map<Family, DesiredState>();

  private constructor(cluster: ClusterLab) {
    this.cluster = cluster;
    this.#reconcilers = reconcilersOn(cluster);
  }

  static async create(): Promise<FlowLab> {
    return new FlowLab(await ClusterLab.create());
  }

  /** Makes `objects` all that the cluster holds. Flows stay as they are. */
  async program(objects: readonly ClusterObject[], changes: Partial<Settings> = {}): Promise<void> {
    for (const family of FAMILIES) {
      const current = settings(changes, family);
      const previous = this.#states.get(family) ?? emptyState(family, current);
      const change = { snapshot: snapshotOf(...objects), settings: current } as const;
      const transition = advance(previous, { ...change, services: "all" });
      this.#reconcilers.get(family)?.derived(transition);
      this.#states.set(family, transition.next);
    }
    await this.cluster.program(objects, { IPv4: changes, IPv6: changes });
    for (const reconciler of this.#reconcilers.values()) reconciler.synced();
  }

  /** Makes a pass in both families, and returns how many flows it deleted for which reason. */
  async reconcile(): Promise<Record<string, number>> {
    const counts: Record<string, number> = {};
    for (const reconciler of this.#reconcilers.values()) {
      const report = await reconciler.reconcile();
      if (report?.failure !== undefined) throw report.failure;
      for (const [reason, count] of report?.deleted ?? []) {
        counts[reason] = (counts[reason] ?? 0) + count;
      }
    }
    return counts;
  }

  /** Forgets everything, as a process that starts anew does. */
  restart(): void {
    this.cluster.restart();
    this.#reconcilers = reconcilersOn(this.cluster);
    this.#states.clear();
  }

  /** Returns the ids of the flows that the node tracks and that were answered. */
  async answered(): Promise<readonly string[]> {
    const node = this.cluster.lab.node;
    const lists = await Promise.all(
      FAMILIES.map((family) =>
        node.output("conntrack", ["-L", "-f", family.toLowerCase(), "-o", "id"])
      ),
    );
    const lines = lists.join("").split("\n")
      .filter((line) => line !== "" && !line.includes("[UNREPLIED]"));
    return lines.map((line) => / id=(\d+)/.exec(line)?.[1] ?? "").sort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cluster[Symbol.asyncDispose]();
  }
}

function reconcilersOn({ lab }: ClusterLab): ReadonlyMap<Family, Reconciler> {
  const stream: StreamProcess = (command, args, options) => {
    const [program, ...rest] = lab.node.command(command, args);
    return streamProcess(program, rest, options);
  };
  const conntrack = spawnedConntrack({ stream });
  return new Map(
    FAMILIES.map((family) => [family, new Reconciler({ family, conntrack, clock: systemClock })]),
  );
}
