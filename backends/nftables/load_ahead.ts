import type { Clock } from "../../model/clock.ts";
import type { Family } from "../../model/family.ts";
import type { Transition } from "../../model/advance.ts";
import type { DesiredState } from "../../model/desired_state.ts";
import { difference } from "./difference.ts";
import { elementsScript, partsScript } from "./difference_script.ts";
import { allElements } from "./full_script.ts";
import type { Loads } from "./loads.ts";
import { KUBE_PROXY_TABLE } from "./names.ts";
import type { Nft } from "./nft.ts";
import type { PartTally } from "./part_tally.ts";
import { declarations, fixedChains } from "./schema.ts";
import { sizeOf, Statements } from "./statements.ts";

/** Characters of one transaction: some 20,000 elements, for which nft needs 40 MB. */
const PORTION = 1_000_000;

/** What was loaded ahead of the first apply. */
export interface Ahead {
  readonly state: DesiredState;
  readonly hasKubeProxy: boolean;
  /** Size of all transactions. */
  readonly bytes: number;
  /** Resolves when the last transaction that has begun is committed. Rejects when one of them has failed. */
  readonly loaded: Promise<void>;
}

/** What loading ahead works with. */
export interface AheadTools {
  readonly family: Family;
  readonly nft: Nft;
  /** Takes note of the parts that the kernel gets. */
  readonly parts: PartTally;
  /** Where transactions with elements run. */
  readonly loads: Loads;
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
  return { state, hasKubeProxy: live.hasKubeProxy, bytes, loaded: Promise.resolve() };
}

/**
 * Loads what a transition brings after what was loaded `before`, in transactions of bounded size: they need not be atomic
 * where no packet comes. The script is made while the portion before is still on its way into the kernel.
 *
 * Resolves when the elements have begun to be loaded. They refer to parts, which are there then, and not to each other; only
 * where some of them take the place of others they come after those.
 */
export async function continueAhead(
  { family, nft, parts, loads, clock }: AheadTools,
  before: Promise<Ahead | undefined>,
  transition: Transition,
  signal?: AbortSignal,
): Promise<Ahead | undefined> {
  const changes = difference(transition);
  const elements = [...elementsScript(family, changes)];
  const ahead = await before;
  if (ahead === undefined) return undefined;
  const bytes = await applyInPortions(partsScript(family, changes, parts), nft, signal);
  parts.commit(changes.gained, changes.lost, clock.monotonic());
  if (changes.removed.length > 0) await loads.done();
  let loaded = ahead.loaded;
  for (const portion of portionsOf(elements)) {
    const { done } = await loads.begin(() => nft.apply(portion, signal));
    loaded = done;
    if (changes.removed.length > 0) await done;
  }
  const size = ahead.bytes + bytes + sizeOf(elements);
  return { ...ahead, state: transition.next, bytes: size, loaded };
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

/** Applies a script in transactions of bounded size, one after the other, and returns its characters. */
async function applyInPortions(
  script: Iterable<string>,
  nft: Nft,
  signal?: AbortSignal,
): Promise<number> {
  let total = 0;
  for (const portion of portionsOf(script)) {
    await nft.apply(portion, signal);
    total += sizeOf(portion);
  }
  return total;
}

/** Cuts a script into transactions of bounded size. */
function* portionsOf(script: Iterable<string>): Iterable<readonly string[]> {
  let portion: string[] = [];
  let size = 0;
  for (const chunk of script) {
    portion.push(chunk);
    size += chunk.length;
    if (size < PORTION) continue;
    yield portion;
    portion = [];
    size = 0;
  }
  if (portion.length > 0) yield portion;
}
