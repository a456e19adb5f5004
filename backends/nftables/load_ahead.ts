import type { Clock } from "../../model/clock.ts";
import type { Family } from "../../model/family.ts";
import type { Transition } from "../../model/advance.ts";
import type { DesiredState } from "../../model/desired_state.ts";
import { difference } from "./difference.ts";
import { elementsScript, partsScript } from "./difference_script.ts";
import { allElements } from "./full_script.ts";
import { KUBE_PROXY_TABLE } from "./names.ts";
import type { Nft } from "./nft.ts";
import type { PartTally } from "./part_tally.ts";
import { declarations, fixedChains } from "./schema.ts";
import { Statements } from "./statements.ts";

/** Characters of one transaction: some 20,000 elements, for which nft needs 40 MB. */
const PORTION = 1_000_000;

/** What was loaded ahead of the first apply. */
export interface Ahead {
  readonly state: DesiredState;
  readonly hasKubeProxy: boolean;
  /** Size of all transactions. */
  readonly bytes: number;
}

/** What loading ahead works with. */
export interface AheadTools {
  readonly family: Family;
  readonly nft: Nft;
  /** Takes note of the parts that the kernel gets. */
  readonly parts: PartTally;
  readonly clock: Clock;
}

/**
 * Makes the table of `state` without a rule: its sets, maps and chains are there to be filled, and no packet meets them.
 *
 * Returns undefined when there is one already.
 */
export async function beginAhead(
  { family, nft }: AheadTools,
  state: DesiredState,
  signal?: AbortSignal,
): Promise<Ahead | undefined> {
  const live = await nft.inspect(family, signal);
  if (!live.absent) return undefined;
  const bytes = await applyInPortions(foundation(state), nft, signal);
  return { state, hasKubeProxy: live.hasKubeProxy, bytes };
}

/**
 * Loads what a transition brings after what was loaded `before`, in transactions of bounded size: they need not be atomic
 * where no packet comes. The script is made while the portion before is still on its way into the kernel.
 */
export async function continueAhead(
  { family, nft, parts, clock }: AheadTools,
  before: Promise<Ahead | undefined>,
  transition: Transition,
  signal?: AbortSignal,
): Promise<Ahead | undefined> {
  const changes = difference(transition);
  const elements = [...elementsScript(family, changes)];
  const ahead = await before;
  if (ahead === undefined) return undefined;
  const script = [...partsScript(family, changes, parts), ...elements];
  const bytes = await applyInPortions(script, nft, signal);
  parts.commit(changes.gained, changes.lost, clock.monotonic());
  return { ...ahead, state: transition.next, bytes: ahead.bytes + bytes };
}

/** Yields the statements that put a table which was loaded ahead in the way of packets, and kube-proxy's out of it. */
export function* switchOver(state: DesiredState, { hasKubeProxy }: Ahead): Iterable<string> {
  const write = new Statements(state.family);
  if (hasKubeProxy) yield new Statements(state.family, KUBE_PROXY_TABLE).withoutTable();
  const chains = fixedChains(state.family, state.settings);
  for (const chain of chains) yield write.addChain(chain);
  for (const chain of chains) yield write.addRules(chain);
}

/** Yields a table with everything that others can refer to. */
function* foundation(state: DesiredState): Iterable<string> {
  const write = new Statements(state.family);
  yield write.addTable();
  for (const set of declarations(state.family)) yield write.declare(set);
  for (const chain of fixedChains(state.family, state.settings)) {
    if (chain.hook === undefined) yield write.addChain(chain);
  }
  yield* write.addElements(allElements(state));
}

/** Returns the characters written. */
async function applyInPortions(
  script: Iterable<string>,
  nft: Nft,
  signal?: AbortSignal,
): Promise<number> {
  let total = 0;
  let portion: string[] = [];
  let size = 0;
  const flush = async () => {
    if (portion.length > 0) await nft.apply(portion, signal);
    total += size;
    portion = [];
    size = 0;
  };
  for (const chunk of script) {
    portion.push(chunk);
    size += chunk.length;
    if (size >= PORTION) await flush();
  }
  await flush();
  return total;
}
