import type { Transition } from "../../model/advance.ts";
import type { DesiredState } from "../../model/desired_state.ts";
import { difference } from "./difference.ts";
import { differenceScript } from "./difference_script.ts";
import { allElements, type LiveTable } from "./full_script.ts";
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

/**
 * Makes the table of `state` without a rule: its sets, maps and chains are there to be filled, and no packet meets them.
 *
 * Returns undefined when `live` says that there is one already.
 */
export async function beginAhead(
  state: DesiredState,
  live: LiveTable,
  nft: Nft,
  signal?: AbortSignal,
): Promise<Ahead | undefined> {
  if (!live.absent) return undefined;
  const bytes = await applyInPortions(foundation(state), nft, signal);
  return { state, hasKubeProxy: live.hasKubeProxy, bytes };
}

/** Loads what a transition brings, in transactions of bounded size: they need not be atomic where no packet comes. */
export async function continueAhead(
  ahead: Ahead,
  transition: Transition,
  { nft, parts, now, signal }: {
    readonly nft: Nft;
    readonly parts: PartTally;
    readonly now: () => number;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Ahead> {
  const changes = difference(transition);
  const script = differenceScript(transition.next.family, changes, parts);
  const bytes = await applyInPortions(script, nft, signal);
  parts.commit(changes.gained, changes.lost, now());
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
