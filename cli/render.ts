import { fullScript } from "../backends/nftables/full_script.ts";
import { effectiveSettings, nodeName } from "../config/effective.ts";
import type { KubeProxyConfiguration } from "../config/configuration.ts";
import { nodeFacts, ownNode } from "../daemon/node_facts.ts";
import { settingsFor } from "../daemon/settings.ts";
import { advance } from "../model/advance.ts";
import { conflictAbout, describeConflict } from "../model/conflicts.ts";
import { type DesiredState, emptyState } from "../model/desired_state.ts";
import { FAMILIES, type Family } from "../model/family.ts";
import type { ClusterObject } from "../model/objects.ts";
import { EMPTY_SNAPSHOT, type Snapshot, withObject } from "../model/snapshot.ts";

/** What a cluster's objects become: the script, and what its author should know. */
export interface Rendering {
  /** The nft script of both families, in chunks. */
  readonly script: Iterable<string>;
  readonly problems: readonly string[];
}

/** For which node to render, and how. */
export interface RenderOptions {
  readonly config: KubeProxyConfiguration;
  readonly hostname: string;
}

/** Renders the ruleset that a node would have if `objects` were all there is in the cluster. */
export function render(objects: readonly ClusterObject[], options: RenderOptions): Rendering {
  const { states } = derive(objects, options);
  return { script: scripts(states), problems: [...new Set(states.flatMap(problemsIn))] };
}

/** What a cluster's objects become on a node: the desired state of each family. */
export interface Derivation {
  readonly snapshot: Snapshot;
  readonly states: readonly DesiredState[];
}

/** Derives what a node would want in force if `objects` were all there is in the cluster. */
export function derive(
  objects: readonly ClusterObject[],
  { config, hostname }: RenderOptions,
): Derivation {
  const snapshot = objects.reduce<Snapshot>(
    (before, object) => withObject(before, object, new Set()),
    EMPTY_SNAPSHOT,
  );
  const own = ownNode(snapshot, nodeName(config, hostname));
  const node = nodeFacts(own?.name ?? nodeName(config, hostname), own, config.bindAddress);
  const circumstances = {
    config: effectiveSettings(config),
    node,
    snapshot,
    localAddresses: undefined,
  };
  const states = FAMILIES.map((family) => {
    const settings = settingsFor(family, circumstances);
    return advance(emptyState(family, settings), { snapshot, settings, services: "all" }).next;
  });
  return { snapshot, states };
}

function* scripts(states: readonly DesiredState[]): Iterable<string> {
  for (const state of states) {
    yield `# ${titleOf(state.family)}\n`;
    yield* fullScript(state);
  }
}

function titleOf(family: Family): string {
  return `weir's ${family} ruleset: one transaction, over a live table too`;
}

function problemsIn(state: DesiredState): readonly string[] {
  const problems = [...state.services.values()].flatMap((service) => service.problems)
    .map(({ kind, object, message }) => `${kind} "${object}": ${message}`);
  const conflicts = [...state.claims.keys()].map((key) => conflictAbout(state, key))
    .filter((conflict) => conflict !== undefined).map(describeConflict);
  return [...problems, ...conflicts];
}
