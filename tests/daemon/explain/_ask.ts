import { type Answer, answer, type AnswerSources } from "../../../daemon/explain/answer.ts";
import { parseQuestion } from "../../../daemon/explain/question.ts";
import { FAMILIES, type Family } from "../../../model/family.ts";
import type { ClusterObject } from "../../../model/objects.ts";
import type { Settings } from "../../../model/settings.ts";
import { settings, snapshotOf } from "../../support/objects.ts";
import { stateOf } from "../../support/state.ts";

/** What is known about a cluster that holds `objects`, with settings changed as asked in both families. */
export function sourcesOf(
  objects: readonly ClusterObject[],
  changes: Partial<Settings> = {},
  families: readonly Family[] = FAMILIES,
): AnswerSources {
  const states = families.map((family) =>
    stateOf(objects, { family, settings: settings(changes, family) })
  );
  return { snapshot: snapshotOf(...objects), states };
}

/** Asks about a cluster, as on the command line. */
export function ask(target: string, from: string | undefined, sources: AnswerSources) {
  return answer(parseQuestion(target, from), sources);
}

/** Returns the endpoints of an answer's only port: `yes`, or why not, for the first list that matters. */
export function choicesOf({ ports }: Answer): Record<string, string> {
  const rows = ports.flatMap(({ endpoints }) => endpoints.rows);
  return Object.fromEntries(rows.map(({ endpoint, cluster, local }) => {
    const choice = cluster ?? local;
    return [endpoint, choice === null ? "" : "no" in choice ? choice.no : "yes"];
  }));
}
