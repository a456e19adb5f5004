import type { Family } from "../../model/family.ts";
import type { Difference } from "./difference.ts";
import type { PartTally } from "./part_tally.ts";
import { inCreationOrder } from "./parts.ts";
import { Statements } from "./statements.ts";

/** Yields the statements of a difference. */
export function* differenceScript(
  family: Family,
  changes: Difference,
  parts: PartTally,
): Iterable<string> {
  yield* partsScript(family, changes, parts);
  yield* elementsScript(family, changes);
}

/** Yields the statements that make the parts which the kernel does not have yet. */
export function* partsScript(
  family: Family,
  { gained }: Difference,
  parts: PartTally,
): Iterable<string> {
  const write = new Statements(family);
  for (const part of inCreationOrder(parts.missing(gained))) yield write.addPart(part);
}

/** Yields the statements about elements: deletions first, so that a key is free before its new value is added. */
export function* elementsScript(family: Family, { removed, added }: Difference): Iterable<string> {
  const write = new Statements(family);
  yield* write.deleteElements(removed);
  yield* write.addElements(added);
}
