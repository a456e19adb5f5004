import type { Logger } from "@logtape/logtape";
import type { Removal } from "../backends/cleanup/removal.ts";
import { removeIptables } from "../backends/cleanup/remove_iptables.ts";
import { removeIpvs } from "../backends/cleanup/remove_ipvs.ts";
import type { CleanupOptions } from "../backends/cleanup/tool.ts";
import { deleteTables } from "../backends/nftables/cleanup.ts";
import { KUBE_PROXY_TABLE, TABLE } from "../backends/nftables/names.ts";
import type { Nft } from "../backends/nftables/nft.ts";
import { FAMILIES, type Family } from "../model/family.ts";
import type { CleanupScope } from "./options.ts";

/**
 * Removes everything of weir's, and of every mode of kube-proxy's where `scope` says so, and nothing else.
 *
 * Returns the exit code: 1 when something of it is still there, or may be, after everything was tried.
 */
export async function cleanUp(
  scope: CleanupScope,
  log: Logger,
  { nft, ...options }: CleanupOptions & { readonly nft: Nft },
): Promise<number> {
  const removals: Removal[] = [];
  if (scope === "weir") removals.push(await deleteTables(nft, [TABLE]));
  else {
    removals.push(await deleteTables(nft, [TABLE, KUBE_PROXY_TABLE]));
    for (const family of FAMILIES) removals.push(await removeIptables(family, options));
    removals.push(await removeIpvs(options));
  }
  const removed = removals.flatMap((removal) => removal.removed);
  for (const { skipped } of removals) for (const reason of skipped) log.info(reason);
  if (removed.length > 0) log.info("Removed what kube-proxy left", { removed: removed.join(", ") });
  const failures = removals.flatMap((removal) => removal.failures);
  for (const error of failures) log.error("Cannot clean up everything", { error });
  if (failures.length === 0) {
    log.info(`Nothing of weir's ${scope === "weir" ? "" : "or kube-proxy's "}is left`);
  }
  return failures.length === 0 ? 0 : 1;
}

/**
 * Returns what a family has to do once weir's own rules are in force: remove what kube-proxy's other modes left there.
 *
 * The last one of `families` removes what belongs to both. Errors are logged: they do no harm to weir's rules.
 */
export function leftoverRemover(
  families: readonly Family[],
  log: Logger,
  options: CleanupOptions,
): (family: Family, signal: AbortSignal) => Promise<void> {
  const waiting = new Set(families);
  const report = ({ removed, skipped, failures }: Removal, signal: AbortSignal) => {
    for (const reason of skipped) log.debug(reason);
    if (removed.length > 0) {
      log.info("Removed what kube-proxy left", { removed: removed.join(", ") });
    }
    if (signal.aborted) return;
    for (const error of failures) {
      log.warn("Some of what kube-proxy left may still be there", { error });
    }
  };
  return async (family, signal) => {
    report(await removeIptables(family, { ...options, signal }), signal);
    waiting.delete(family);
    if (waiting.size === 0) report(await removeIpvs({ ...options, signal }), signal);
  };
}
