import { FAMILIES } from "../../model/family.ts";
import { isDenied, type Removal, RemovalLog } from "../cleanup/removal.ts";
import type { Nft } from "./nft.ts";
import { Statements } from "./statements.ts";

/**
 * Deletes the tables of these names in each family, each in a transaction of its own; one that is not there is no error.
 * Where nft does not work there is nothing that it could delete, unless it lacks the right to.
 *
 * It never rejects: what failed is in the result.
 */
export async function deleteTables(nft: Nft, tables: readonly string[]): Promise<Removal> {
  const log = new RemovalLog();
  for (const family of FAMILIES) {
    try {
      await nft.inspect(family);
    } catch (error) {
      const failure = error instanceof Error ? error : new Error(String(error));
      if (isDenied(failure.message)) log.failures.push(failure);
      else log.skipped.push(failure.message);
      continue;
    }
    for (const table of tables) {
      await log.attempt(() => nft.apply([new Statements(family, table).withoutTable()]));
    }
  }
  return log;
}
