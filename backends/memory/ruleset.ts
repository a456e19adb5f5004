import { ImmutableMap } from "../../model/immutable_map.ts";
import type { Lesson } from "./context.ts";
import { type Collection, elementsOf, expireElements, putElement } from "./elements.ts";
import type { Rule } from "./rule.ts";

/** All tables, by `FAMILY NAME`, such as `ip weir`. It never changes: a transaction makes the next one. */
export type Ruleset = ImmutableMap<TableKey, Table>;

/** `ip NAME` or `ip6 NAME`. */
export type TableKey = string;

/** A table of one family. */
export interface Table {
  readonly chains: ImmutableMap<string, Chain>;
  readonly collections: ImmutableMap<string, Collection>;
}

/** A chain with its rules. */
export interface Chain {
  readonly name: string;
  /** Undefined when only rules and elements lead to it. */
  readonly base: Base | undefined;
  readonly rules: readonly Rule[];
}

/** Where the kernel enters a chain by itself. */
export interface Base {
  readonly type: "filter" | "nat";
  readonly hook: Hook;
  /** Chains of a hook are entered in the order of it. */
  readonly priority: number;
}

/** The places on a packet's way at which chains can be entered. */
export type Hook = "prerouting" | "input" | "forward" | "output" | "postrouting";

/** A kernel without tables. */
export const EMPTY_RULESET: Ruleset = ImmutableMap();

/** A table with nothing in it. */
export const EMPTY_TABLE: Table = { chains: ImmutableMap(), collections: ImmutableMap() };

/** Tells whether a rule or an element leads to a chain. */
export function isChainUsed({ chains, collections }: Table, name: string): boolean {
  return chains.some(({ rules }) => rules.some((rule) => chainsNamedIn(rule).includes(name))) ||
    collections.some((collection) => {
      if (collection.holds !== "verdicts") return false;
      for (const { verdict } of elementsOf(collection)) {
        if (verdict && "chain" in verdict && verdict.chain === name) return true;
      }
      return false;
    });
}

/** Tells whether a rule looks into a set or map. */
export function isCollectionUsed({ chains }: Table, name: string): boolean {
  return chains.some(({ rules }) => rules.some((rule) => collectionsNamedIn(rule).includes(name)));
}

/** Returns the chains that a rule leads to by name. */
export function chainsNamedIn({ text }: Rule): readonly string[] {
  return [...text.matchAll(/(?:^| )(?:jump|goto) (\S+)/g)].map(([, name = ""]) => name);
}

/** Returns the sets and maps that a rule looks into. */
export function collectionsNamedIn({ text }: Rule): readonly string[] {
  return [...text.matchAll(/(?:^| )@(\S+)/g)].map(([, name = ""]) => name);
}

/** Returns the ruleset without the elements whose time is over at `now`. */
export function expireRuleset(ruleset: Ruleset, now: number): Ruleset {
  return ruleset.map((table) => ({
    ...table,
    collections: table.collections.map((collection) => expireElements(collection, now)),
  }));
}

/** Returns the ruleset with what a packet has left behind at `now`. */
export function learned(ruleset: Ruleset, key: TableKey, lesson: Lesson, now: number): Ruleset {
  const table = ruleset.get(key);
  const collection = table?.collections.get(lesson.map);
  if (table === undefined || collection === undefined) return ruleset;
  const expires = now + lesson.seconds * 1_000;
  const value = lesson.value === undefined ? {} : { data: lesson.value };
  const element = { key: lesson.key, ...value, comment: "", expires };
  const collections = table.collections.set(lesson.map, putElement(collection, element));
  return ruleset.set(key, { ...table, collections });
}
