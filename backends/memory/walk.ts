import type { Family } from "../../model/family.ts";
import { isLoopback } from "../../model/address.ts";
import type { Context, Ends, Lesson } from "./context.ts";
import { type Element, elementText, findElement } from "./elements.ts";
import type { Rule } from "./rule.ts";
import type { Chain, Hook, Ruleset, Table } from "./ruleset.ts";
import type { Verdict } from "./verdict.ts";

/** A rule that applied to a packet. */
export interface Step {
  readonly hook: Hook;
  readonly chain: string;
  /** The rule's text. */
  readonly rule: string;
  /** The elements that it found in sets and maps, as nft writes them. */
  readonly elements: readonly string[];
}

/** A packet that begins its way, and the node that it passes. */
export interface Start {
  readonly family: Family;
  /** As nft spells it. */
  readonly protocol: string;
  readonly ends: Ends;
  /** The interface by which it comes in; undefined when the node itself sends it. */
  readonly ingress: string | undefined;
  /** The node's addresses; loopback need not be among them. */
  readonly localAddresses: ReadonlySet<string>;
  /** Takes the place of chance: see {@linkcode Context.choose}. */
  choose(count: number): number;
}

/** More jumps than this the kernel does not follow either (`NFT_JUMP_STACK_SIZE`). */
const DEEPEST = 16;

/**
 * The first packet of a connection on its way through the hooks, with every choice already made.
 *
 * As in the kernel, destinations are translated once, in prerouting or output, and sources once, in postrouting or
 * input; a packet of the node to itself passes the hooks of both directions and is translated in the first.
 */
export class Walk implements Context {
  readonly family: Family;
  readonly protocol: string;
  readonly original: Ends;
  readonly steps: Step[] = [];
  readonly lessons: Lesson[] = [];
  current: Ends;
  mark = 0;
  ingress: string;
  isMasqueraded = false;
  readonly #start: Start;
  readonly #tables: readonly Table[];
  readonly #settled = { destination: false, source: false };
  #table: Table | undefined;
  #found: Element[] = [];

  constructor(ruleset: Ruleset, start: Start) {
    const prefix = start.family === "IPv4" ? "ip " : "ip6 ";
    this.#start = start;
    this.#tables = [...ruleset].filter(([key]) => key.startsWith(prefix)).map(([, table]) => table);
    this.family = start.family;
    this.protocol = start.protocol;
    this.original = this.current = start.ends;
    this.ingress = start.ingress ?? "";
  }

  /** Sends the packet through all its hooks and returns what became of it. */
  run(): "accept" | "drop" | "reject" {
    for (const hook of this.#hooks()) {
      const verdict = this.#enter(hook);
      if (verdict !== "accept") return verdict;
    }
    return "accept";
  }

  get isTranslated(): boolean {
    const { original, current } = this;
    return original.destination !== current.destination || original.port !== current.port;
  }

  isLocal(address: string): boolean {
    return isLoopback(address) || this.#start.localAddresses.has(address);
  }

  choose(count: number): number {
    return this.#start.choose(count);
  }

  find(collection: string, key: readonly string[]): Element | undefined {
    const found = this.#table?.collections.get(collection);
    const element = found && findElement(found, key);
    if (element !== undefined) this.#found.push(element);
    return element;
  }

  setMark(mark: number): void {
    this.mark = mark;
  }

  translate(destination: string, port: number): void {
    this.current = { ...this.current, destination, port };
    this.#settled.destination = true;
  }

  masquerade(): void {
    this.isMasqueraded = true;
    this.#settled.source = true;
  }

  learn(lesson: Lesson): void {
    this.lessons.push(lesson);
  }

  /** Yields hooks as the packet comes to them: where it goes is known only after translation. */
  *#hooks(): Iterable<Hook> {
    if (this.#start.ingress === undefined) {
      yield "output";
      yield "postrouting";
      if (!this.isLocal(this.current.destination)) return;
      this.ingress = "lo";
      yield "prerouting";
      yield "input";
      return;
    }
    yield "prerouting";
    if (this.isLocal(this.current.destination)) yield "input";
    else {
      yield "forward";
      yield "postrouting";
    }
  }

  /** Enters the base chains of a hook, in the order of their priorities. */
  #enter(hook: Hook): "accept" | "drop" | "reject" {
    const end = hook === "prerouting" || hook === "output" ? "destination" : "source";
    for (const { table, chain, base } of this.#baseChains(hook)) {
      if (base.type === "nat" && this.#settled[end]) continue;
      this.#table = table;
      const verdict = this.#pass(hook, chain, 0);
      if (verdict?.kind === "drop" || verdict?.kind === "reject") return verdict.kind;
    }
    if (hook !== "forward") this.#settled[end] = true;
    return "accept";
  }

  #baseChains(hook: Hook) {
    return this.#tables.flatMap((table) =>
      [...table.chains.values()].flatMap((chain) =>
        chain.base?.hook === hook ? [{ table, chain, base: chain.base }] : []
      )
    ).sort((a, b) => a.base.priority - b.base.priority);
  }

  /** Returns the verdict of a chain and of those that it leads to; undefined when none has one. */
  #pass(hook: Hook, chain: Chain, depth: number): Verdict | undefined {
    if (depth > DEEPEST) throw new Error(`Cannot follow the rules: "${chain.name}" is too deep`);
    for (const rule of chain.rules) {
      const verdict = this.#apply(hook, chain, rule);
      if (verdict === undefined) continue;
      if (!("chain" in verdict)) return verdict.kind === "return" ? undefined : verdict;
      const target = this.#table?.chains.get(verdict.chain);
      const inner = target && this.#pass(hook, target, depth + 1);
      if (inner !== undefined || verdict.kind === "goto") return inner;
    }
    return undefined;
  }

  /** Applies a rule, and takes note of it if it is one for this packet. */
  #apply(hook: Hook, { name }: Chain, rule: Rule): Verdict | undefined {
    this.#found = [];
    for (const instruction of rule.instructions) {
      const effect = instruction(this);
      if (effect === "break") return undefined;
      if (effect === "continue") continue;
      this.#note(hook, name, rule);
      return effect;
    }
    this.#note(hook, name, rule);
    return undefined;
  }

  #note(hook: Hook, chain: string, { text }: Rule): void {
    this.steps.push({ hook, chain, rule: text, elements: this.#found.map(elementText) });
  }
}
