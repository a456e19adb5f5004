import type { Family } from "../../model/family.ts";
import { explain } from "./explain.ts";
import type { Explanation } from "./explanation.ts";
import { find, type Part, type View } from "./find.ts";
import { type InForce, inForce, type InForceSources } from "./in_force.ts";
import type { Question } from "./question.ts";
import { walkerFor, type WalkTo } from "./walk.ts";

/** An explanation, and whether what it tells is in force: JSON has exactly this. */
export interface Answer extends Explanation {
  readonly node: { readonly name: string; readonly zone: string };
  /** Empty where no weir runs: the answer is about what it would do. */
  readonly inForce: readonly InForce[];
  /** Why weir's rules may not be those that the cluster asks for: the reasons of `/readyz`. */
  readonly notReady: readonly string[];
}

/** What an answer is made of. */
export interface AnswerSources extends View {
  /** Absent where no weir runs. */
  readonly live?: InForceSources & { readonly notReady: () => readonly string[] } | undefined;
}

/** Answers a question. */
export async function answer(question: Question, sources: AnswerSources): Promise<Answer> {
  const { snapshot, states, live } = sources;
  const found = find(question, sources);
  const isFound = "parts" in found;
  const parts = isFound ? found.parts : [];
  const [settings] = states.map((state) => state.settings);
  const walkers = new Map<Family, WalkTo>();
  if (isFound) {
    for (const { state } of parts) {
      if (walkers.has(state.family)) continue;
      walkers.set(state.family, await walkerFor(found.service, state, snapshot));
    }
  }
  const walkTo = ({ state }: Part) => walkers.get(state.family) ?? (() => null);
  const explanation = isFound
    ? explain(found, { from: question.from, snapshot, walkTo })
    : { ...found, ports: [], omittedPorts: 0 };
  const families = isFound
    ? parts.map(({ state }) => state.family)
    : states.map(({ family }) => family);
  return {
    ...explanation,
    node: { name: settings?.nodeName ?? "", zone: settings?.zone ?? "" },
    inForce: live === undefined ? [] : await inForce(families, parts, live),
    notReady: live?.notReady() ?? [],
  };
}
