import type { Transition } from "../../model/advance.ts";
import type { Clock } from "../../model/clock.ts";
import { type DesiredState, frontends } from "../../model/desired_state.ts";
import type { Family } from "../../model/family.ts";
import type { ServicePort } from "../../model/service_port.ts";
import { sameRules } from "../../model/settings.ts";
import type { ApplyOptions, ApplyReport, Backend } from "../backend.ts";
import { isAffinityMap } from "./affinity.ts";
import { type Sweep, sweepsAfter, sweepsOf } from "./affinity_sweep.ts";
import { AffinitySweeper } from "./affinity_sweeper.ts";
import { unlearnedPorts } from "./affinity_unlearned.ts";
import { type Difference, difference } from "./difference.ts";
import { differenceScript } from "./difference_script.ts";
import { countElements, fullScript } from "./full_script.ts";
import { Loads } from "./loads.ts";
import { type Ahead, beginAhead, continueAhead, switchOver } from "./load_ahead.ts";
import { SETS } from "./names.ts";
import type { Nft } from "./nft.ts";
import { PartTally } from "./part_tally.ts";
import { inDeletionOrder, partsOf } from "./parts.ts";
import { sizeOf, Statements } from "./statements.ts";

/** Milliseconds that an unused part is kept. */
const UNUSED_PART_MS = 1_000;

/**
 * Programs one family's table of nftables.
 *
 * After one full transaction only differences go to the kernel. When one fails, everything is written anew at once; when
 * that fails too, the last good ruleset stays and the next apply is a full one.
 */
export class NftablesBackend implements Backend {
  readonly family: Family;
  readonly #nft: Nft;
  readonly #clock: Clock;
  readonly #parts = new PartTally();
  readonly #sweeper: AffinitySweeper;
  #newest: DesiredState | undefined;
  #committed: DesiredState | undefined;
  /** What was loaded ahead of the first apply, when it is. */
  #ahead: Promise<Ahead | undefined> | undefined;
  readonly #loads = new Loads();

  constructor(family: Family, { nft, clock }: { nft: Nft; clock: Clock }) {
    this.family = family;
    this.#nft = nft;
    this.#clock = clock;
    this.#sweeper = new AffinitySweeper(family, { nft, parts: this.#parts });
  }

  async loadAhead(transition: Transition, signal?: AbortSignal): Promise<boolean> {
    const tools = {
      family: this.family,
      nft: this.#nft,
      parts: this.#parts,
      loads: this.#loads,
      clock: this.#clock,
    };
    const before = this.#ahead ?? beginAhead(tools, transition.previous, signal);
    this.#ahead = continueAhead(tools, before, transition, signal);
    const ahead = await this.#ahead;
    await ahead?.loaded;
    return ahead !== undefined;
  }

  async apply(transition: Transition, options: ApplyOptions): Promise<ApplyReport> {
    const committed = this.#committed;
    const ahead = await this.#loadedAhead();
    this.#committed = undefined;
    this.#newest = transition.next;
    this.#ahead = undefined;
    let report: ApplyReport | undefined;
    let fallback: unknown;
    try {
      if (ahead?.state === transition.previous) {
        report = await this.#applyRest(transition, ahead, options);
      } else if (!options.full && committed === transition.previous && isIncremental(transition)) {
        report = await this.#applyDifference(transition, options);
      }
    } catch (error) {
      fallback = error;
    }
    report ??= await this.#applyAll(transition.next, options);
    this.#committed = transition.next;
    return fallback instanceof Error ? { ...report, fallback } : report;
  }

  async tidy(signal?: AbortSignal): Promise<boolean> {
    await this.#sweeper.sweep(signal);
    await this.#deleteUnused(signal);
    return this.#sweeper.isDue;
  }

  async unlearned(signal?: AbortSignal): Promise<readonly ServicePort[]> {
    const state = this.#newest;
    if (state === undefined || !this.#parts.some(isAffinityMap)) return [];
    return unlearnedPorts(await this.#nft.listSet(this.family, SETS.unlearned, signal), state);
  }

  /** Returns what was loaded ahead, if all of it was. Nothing of it is on its way any more then, well or not. */
  async #loadedAhead(): Promise<Ahead | undefined> {
    const ahead = await this.#ahead?.catch(() => undefined);
    return await this.#loads.done().then(() => ahead, () => undefined);
  }

  /** Deletes parts that have been unused for a while, in a transaction of its own. */
  async #deleteUnused(signal?: AbortSignal): Promise<void> {
    const unused = this.#parts.unusedFor(UNUSED_PART_MS, this.#clock.monotonic());
    if (unused.length === 0) return;
    const write = new Statements(this.family);
    await this.#nft.apply(inDeletionOrder(unused).map((key) => write.deletePart(key)), signal);
    this.#parts.deleted(unused);
  }

  async #applyAll(state: DesiredState, { signal }: ApplyOptions): Promise<ApplyReport> {
    const started = this.#clock.monotonic();
    const live = await this.#nft.inspect(this.family, signal);
    const inspected = this.#clock.monotonic();
    const meter = { bytes: 0, renderMs: 0 };
    await this.#nft.apply(metered(fullScript(state, live), meter, this.#clock), signal);
    const now = this.#clock.monotonic();
    this.#parts.reset(this.#partsOf(state), live.outdated ? [] : live.parts, now);
    if (live.parts.size > 0) this.#sweeper.add(everySweep(state));
    return {
      mode: "full",
      ...(live.hasKubeProxy ? { tookOver: true } : {}),
      elements: countElements(state),
      bytes: meter.bytes,
      renderMs: inspected - started + meter.renderMs,
      applyMs: now - inspected - meter.renderMs,
    };
  }

  *#partsOf(state: DesiredState) {
    for (const frontend of frontends(state)) yield* partsOf(this.family, frontend);
  }

  /** Applies what was not loaded ahead, and puts all of it in the way of packets. */
  async #applyRest(
    transition: Transition,
    ahead: Ahead,
    { signal }: ApplyOptions,
  ): Promise<ApplyReport> {
    const started = this.#clock.monotonic();
    const { next } = transition;
    const changes = difference(transition);
    const script = [
      ...differenceScript(this.family, changes, this.#parts),
      ...switchOver(next, ahead),
    ];
    const cost = await this.#commit(script, changes, { started, signal });
    return {
      mode: "full",
      ...(ahead.hasKubeProxy ? { tookOver: true } : {}),
      elements: countElements(next),
      ...cost,
      bytes: ahead.bytes + cost.bytes,
    };
  }

  async #applyDifference(transition: Transition, { signal }: ApplyOptions): Promise<ApplyReport> {
    const started = this.#clock.monotonic();
    const changes = difference(transition);
    const sweeps = sweepsAfter(transition);
    const report = await this.#sweeper.forget(sweeps, async (forgetting) => {
      const script = [
        ...forgetting.statements,
        ...differenceScript(this.family, changes, this.#parts),
      ];
      return {
        mode: "partial",
        elements: changes.added.length + changes.removed.length + forgetting.elements,
        ...await this.#commit(script, changes, { started, signal }),
      } as const;
    }, signal);
    // A client may have chosen between the listing and the commit: tidy looks once more.
    this.#sweeper.add(sweeps);
    return report;
  }

  /** Runs the transaction that brings `changes`, takes note of the parts that came and went, and returns what it cost. */
  async #commit(
    script: readonly string[],
    { gained, lost }: Difference,
    { started, signal }: { readonly started: number; readonly signal: AbortSignal | undefined },
  ): Promise<Pick<ApplyReport, "bytes" | "renderMs" | "applyMs">> {
    const rendered = this.#clock.monotonic();
    if (script.length > 0) await this.#nft.apply(script, signal);
    const now = this.#clock.monotonic();
    this.#parts.commit(gained, lost, now);
    return { bytes: sizeOf(script), renderMs: rendered - started, applyMs: now - rendered };
  }
}

/** Affinity maps outlive a full apply: what they hold about endpoints that are gone has to go afterwards. */
function everySweep(state: DesiredState): Iterable<Sweep> {
  return state.services.valueSeq().flatMap(sweepsOf);
}

function isIncremental({ previous, next }: Transition): boolean {
  return sameRules(previous.settings, next.settings);
}

/** Passes chunks on and adds up their size and the time that making them took. */
function* metered(
  chunks: Iterable<string>,
  meter: { bytes: number; renderMs: number },
  clock: Clock,
): Iterable<string> {
  let started = clock.monotonic();
  for (const chunk of chunks) {
    meter.renderMs += clock.monotonic() - started;
    meter.bytes += chunk.length;
    yield chunk;
    started = clock.monotonic();
  }
}
