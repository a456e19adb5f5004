import { FAMILIES, type Family } from "../../model/family.ts";
import type { Nft } from "./nft.ts";
import { Statements } from "./statements.ts";

/**
 * Deletes weir's table of each family; a table that is not there is no error.
 *
 * Returns what could not be done, by family. Adding the table first makes the deletion work in either case.
 */
export async function deleteTables(
  nft: Nft,
  families: readonly Family[] = FAMILIES,
): Promise<ReadonlyMap<Family, Error>> {
  const failures = new Map<Family, Error>();
  for (const family of families) {
    const write = new Statements(family);
    try {
      await nft.apply([write.addTable(), write.deleteTable()]);
    } catch (error) {
      failures.set(family, error instanceof Error ? error : new Error(String(error)));
    }
  }
  return failures;
}
