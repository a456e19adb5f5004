import type { Family } from "../../model/family.ts";
import type { Element } from "./elements.ts";

/** Where a packet comes from and goes to. `port` is the destination's; 0 where the protocol has none. */
export interface Ends {
  readonly source: string;
  readonly destination: string;
  readonly port: number;
}

/** What the rules of a table can read of a packet, and do to it, while it passes through. */
export interface Context {
  readonly family: Family;
  /** As nft spells it, such as `tcp` or `ipv6-icmp`. */
  readonly protocol: string;
  /** The packet as it was sent. */
  readonly original: Ends;
  /** The packet as it is now. */
  readonly current: Ends;
  readonly mark: number;
  /** The interface by which it came in; "" before it came in by any. */
  readonly ingress: string;
  /** Whether its destination has been replaced by another one. */
  readonly isTranslated: boolean;
  /** Tells whether an address is one of the node's own, loopback included. */
  isLocal(address: string): boolean;
  /** Returns a number below `count`: the walk is repeated for each of them. */
  choose(count: number): number;
  /** Returns the element of a set or map of this table for a key. */
  find(collection: string, key: readonly string[]): Element | undefined;
  setMark(mark: number): void;
  translate(destination: string, port: number): void;
  masquerade(): void;
  learn(lesson: Lesson): void;
}

/** An entry that a packet leaves behind in a set or map of its own table. */
export interface Lesson {
  readonly map: string;
  readonly key: readonly string[];
  /** Undefined in a set. */
  readonly value: readonly string[] | undefined;
  /** How long the entry lasts; every further packet starts the time anew. */
  readonly seconds: number;
}
