import { FAMILIES } from "../../model/family.ts";
import { type Removal, RemovalLog } from "../cleanup/removal.ts";
import { KUBE_PROXY_TABLE, TABLE } from "./names.ts";
import type { Nft } from "./nft.ts";
import { Statements } from "./statements.ts";

/**
 * Deletes weir's table and kube-proxy's of each family, each in a transaction of its own; one that is not there is no
 * error. Where nft does not work there is nothing that it could delete.
 *
 * It never rejects: what failed is in the result.
 */
export async function deleteTables(nft: Nft): Promise<Removal> {
  const log = new RemovalLog();
  for (const family of FAMILIES) {
    try {
      await nft.inspect(family);
    } catch (error) {
      log.skipped.push(error instanceof Error ? error.message : String(error));
      continue;
    }
    for (const table of [TABLE, KUBE_PROXY_TABLE]) {
      await log.attempt(() => nft.apply([new Statements(family, table).withoutTable()]));
    }
  }
  return log;
}
