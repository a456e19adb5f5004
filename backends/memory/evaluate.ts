import { familyOf, type Protocol } from "../../model/family.ts";
import type { Ends, Lesson } from "./context.ts";
import type { Ruleset } from "./ruleset.ts";
import { type Start, type Step, Walk } from "./walk.ts";

/** The first packet of a connection. Addresses are normalised. */
export interface Packet {
  readonly protocol: Protocol | "ICMP";
  readonly source: string;
  readonly destination: string;
  /** The destination's port; 0 with ICMP, which has none. */
  readonly port: number;
  /** The interface by which it comes in; undefined when the node itself sends it. */
  readonly ingress: string | undefined;
}

/** The node that a packet passes. */
export interface Node {
  /** Its addresses; loopback need not be among them. */
  readonly localAddresses: Iterable<string>;
}

/**
 * What becomes of a packet: `translated` goes to an endpoint, `untouched` goes where it was sent to; the others go
 * nowhere, and the sender of a rejected one is told.
 */
export type Verdict = "translated" | "untouched" | "reject" | "drop";

/** One way that a packet can take. */
export interface Path {
  readonly verdict: Verdict;
  /** How likely it is; those of all paths add up to 1. */
  readonly probability: number;
  /** Where it goes in the end, if it gets there. */
  readonly destination: string;
  readonly port: number;
  /** Whether its source is replaced by the node's address. */
  readonly masquerade: boolean;
  /** The rules that applied, in order. */
  readonly steps: readonly Step[];
  /** The entries that it leaves in maps. */
  readonly lessons: readonly Lesson[];
}

/** Everything that can become of a packet. */
export interface Evaluation {
  /** What becomes of it on all paths; `mixed` when that is a matter of chance, which no ruleset of weir's means. */
  readonly verdict: Verdict | "mixed";
  /** The ways that it can take: one for each endpoint, where chance chooses among some. */
  readonly paths: readonly Path[];
}

/**
 * Follows the first packet of a connection through all hooks of its family's tables.
 *
 * Where rules draw a random number, every number is tried. Nothing is changed: what rules would remember is in
 * {@linkcode Path.lessons}.
 */
export function evaluate(ruleset: Ruleset, packet: Packet, node: Node): Evaluation {
  const family = familyOf(packet.destination);
  const { source, destination, port } = packet;
  const start: Omit<Start, "choose"> = {
    family,
    protocol: packet.protocol === "ICMP" && family === "IPv6"
      ? "ipv6-icmp"
      : packet.protocol.toLowerCase(),
    ends: { source, destination, port },
    ingress: packet.ingress,
    localAddresses: new Set(node.localAddresses),
  };
  const paths: Path[] = [];
  for (const chance of everyChance()) {
    const walk = new Walk(ruleset, { ...start, choose: (count) => chance.choose(count) });
    paths.push(pathOf(walk, chance));
  }
  const [first, ...others] = paths.map(({ verdict }) => verdict);
  const isSame = first !== undefined && others.every((verdict) => verdict === first);
  return { verdict: isSame ? first : "mixed", paths };
}

function pathOf(walk: Walk, chance: Chance): Path {
  const end = walk.run();
  const { destination, port }: Ends = walk.current;
  return {
    verdict: end !== "accept" ? end : walk.isTranslated ? "translated" : "untouched",
    probability: chance.probability,
    destination,
    port,
    masquerade: end === "accept" && walk.isMasqueraded,
    steps: walk.steps,
    lessons: walk.lessons,
  };
}

/** The choices of one walk: those that are planned, then always the first. */
class Chance {
  probability = 1;
  readonly made: { readonly choice: number; readonly count: number }[] = [];
  readonly #planned: readonly number[];

  constructor(planned: readonly number[]) {
    this.#planned = planned;
  }

  choose(count: number): number {
    const choice = this.#planned[this.made.length] ?? 0;
    this.made.push({ choice, count });
    this.probability /= count;
    return choice;
  }
}

/** Yields a {@linkcode Chance} for each combination of choices; each must be used before the next is asked for. */
function* everyChance(): Iterable<Chance> {
  let planned: readonly number[] | undefined = [];
  while (planned !== undefined) {
    const chance: Chance = new Chance(planned);
    yield chance;
    const last = chance.made.findLastIndex(({ choice, count }) => choice + 1 < count);
    planned = last < 0 ? undefined : chance.made.slice(0, last + 1)
      .map(({ choice }, index) => index === last ? choice + 1 : choice);
  }
}
