import type { FlowMatch } from "./conntrack.ts";
import type { Flow } from "./flow.ts";
import type { StaleReason } from "./staleness.ts";

/** Flows that are wrong for one reason and can be deleted together. */
export interface StaleGroup {
  readonly match: FlowMatch;
  readonly reason: StaleReason;
  /** One of them. */
  readonly example: Flow;
}

/** The wrong flows of a table, gathered in groups; so many groups and no more. */
export class StaleGroups {
  readonly #limit: number;
  readonly #groups = new Map<string, StaleGroup>();

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds a flow that is wrong. Where there are no endpoints, all flows to the destination are wrong together. */
  add(flow: Flow, reason: StaleReason): void {
    if (this.isFull) return;
    const match = reason === "no-endpoints" ? destinationOf(flow) : flow;
    const key = keyOf(match);
    if (!this.#groups.has(key)) this.#groups.set(key, { match, reason, example: flow });
  }

  /** True when there may be flows that found no place. */
  get isFull(): boolean {
    return this.#groups.size >= this.#limit;
  }

  /** Says why a flow that belongs to one of the groups is wrong. */
  reasonOf(flow: Flow): StaleReason | undefined {
    const group = this.#groups.get(keyOf(flow)) ?? this.#groups.get(keyOf(destinationOf(flow)));
    return group?.reason;
  }

  /** Yields all groups, `size` at a time. */
  *batches(size: number): Iterable<readonly StaleGroup[]> {
    const groups = [...this.#groups.values()];
    for (let at = 0; at < groups.length; at += size) yield groups.slice(at, at + size);
  }
}

function destinationOf({ destination, destinationPort }: Flow): FlowMatch {
  return { destination, destinationPort };
}

function keyOf(match: FlowMatch): string {
  const { destination, destinationPort, replySource = "", replySourcePort = "" } = match;
  return `${destination} ${destinationPort} ${replySource} ${replySourcePort}`;
}
