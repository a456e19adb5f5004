import { elementsOf } from "../../backends/nftables/elements.ts";
import type { KernelLookup } from "../../backends/nftables/kernel_lookup.ts";
import { SETS } from "../../backends/nftables/names.ts";
import type { Element } from "../../backends/nftables/objects.ts";
import { winner } from "../../model/desired_state.ts";
import { FAMILIES, type Family } from "../../model/family.ts";
import type { FamilyHealth } from "../health.ts";
import { formatTime } from "../health.ts";
import type { Part } from "./find.ts";

/** Whether what weir wants is what the kernel does, for one family. */
export interface InForce {
  readonly family: Family;
  /** RFC 3339; null before the first sync that succeeded. */
  readonly lastSync: string | null;
  /** How long the oldest change has been waiting; 0 when nothing waits. */
  readonly pendingSeconds: number;
  readonly failuresInARow: number;
  /** What the last failure said; null without one. */
  readonly error: string | null;
  /** Null when nobody looked. */
  readonly kernel: KernelFinding | null;
}

/** What the kernel has of the elements that were asked about. */
export interface KernelFinding {
  /** Elements that were looked for. */
  readonly elements: number;
  readonly missing: number;
  readonly different: number;
  /** True when weir's whole table, or a part of it, is gone. */
  readonly isTableGone: boolean;
  /** Some of those that are missing or different, as `map key`. */
  readonly examples: readonly string[];
  /** Why the kernel could not be asked; null when it could. */
  readonly error: string | null;
}

/** Where to find out what is in force. */
export interface InForceSources {
  readonly health: (family: Family) => FamilyHealth | undefined;
  /** Absent in a dry run: then the kernel has nothing of weir's. */
  readonly lookUp?: KernelLookup | undefined;
}

/** Elements that are looked for at the most, and that are named. */
const MOST_ELEMENTS = 2_000;
const MOST_EXAMPLES = 5;

/** Finds out, for each family of `parts`, how its syncs go and whether the kernel has what the parts need. */
export async function inForce(
  families: readonly Family[],
  parts: readonly Part[],
  { health, lookUp }: InForceSources,
): Promise<readonly InForce[]> {
  const wanted = FAMILIES.filter((family) => families.includes(family));
  return await Promise.all(wanted.map(async (family) => {
    const facts = health(family);
    const own = parts.filter(({ state }) => state.family === family);
    return {
      family,
      lastSync: facts?.syncedAt === undefined ? null : formatTime(facts.syncedAt),
      pendingSeconds: Math.round(facts?.pendingMs ?? 0) / 1000,
      failuresInARow: facts?.failures ?? 0,
      error: facts?.error ?? null,
      kernel: lookUp === undefined ? null : await lookInto(family, own, lookUp),
    };
  }));
}

async function lookInto(
  family: Family,
  parts: readonly Part[],
  lookUp: KernelLookup,
): Promise<KernelFinding | null> {
  const elements = elementsFor(parts);
  if (elements.length === 0) return null;
  try {
    const { missing, different, isTableGone } = await lookUp(family, elements);
    return {
      elements: elements.length,
      missing: missing.length,
      different: different.length,
      isTableGone,
      examples: [...missing, ...different].slice(0, MOST_EXAMPLES)
        .map(({ map, key, rest }) => `${map} { ${key}${rest} }`),
      error: null,
    };
  } catch (error) {
    return {
      ...{ elements: elements.length, missing: 0, different: 0, isTableGone: false, examples: [] },
      error: error instanceof Error ? error.message : String(error),
    };
  }
}

/** Returns the elements of the frontends that the parts hold, without those of sets of ranges. */
function elementsFor(parts: readonly Part[]): readonly Element[] {
  const elements: Element[] = [];
  for (const { state, frontends } of parts) {
    for (const frontend of frontends) {
      if (winner(state, frontend.key) !== frontend) continue;
      for (const element of elementsOf(frontend)) {
        if (elements.length >= MOST_ELEMENTS) return elements;
        if (element.map !== SETS.allowedSources) elements.push(element);
      }
    }
  }
  return elements;
}
