import type { Family } from "../../model/family.ts";
import type { Difference } from "./difference.ts";
import type { PartTally } from "./part_tally.ts";
import { inCreationOrder } from "./parts.ts";
import { Statements } from "./statements.ts";

/** Yields the statements of a difference: deletions first, so that a key is free before its new value is added. */
export function* differenceScript(
  family: Family,
  changes: Difference,
  parts: PartTally,
): Iterable<string> {
  const write = new Statements(family);
  for (const part of inCreationOrder(parts.missing(changes.gained))) yield write.addPart(part);
  yield* write.deleteElements(changes.removed);
  yield* write.addElements(changes.added);
}
