import type { Logger } from "@logtape/logtape";
import { checkNftables, type CheckOptions, nftVersion } from "../backends/nftables/check.ts";
import type { Family } from "../model/family.ts";

/**
 * Finds out whether this machine has what weir needs for `families`, and changes nothing.
 *
 * Returns the exit code: 1 when something is missing, which the log names.
 */
export async function initialise(
  families: readonly Family[],
  log: Logger,
  options: CheckOptions = {},
): Promise<number> {
  const nft = await nftVersion(options);
  let complete = true;
  for (const family of families) {
    const takesAll = await nameWhatLacks(family, log, options);
    if (takesAll) log.info("nftables takes all of weir's rules", { family, nft });
    complete &&= takesAll;
  }
  return complete ? 0 : 1;
}

/** Logs what this machine lacks for the rules of a family, and what would bring it. Returns true when it lacks nothing. */
export async function nameWhatLacks(
  family: Family,
  log: Logger,
  options: CheckOptions = {},
): Promise<boolean> {
  const lacking = await checkNftables(family, options);
  for (const { what, remedy } of lacking) {
    log.error("This machine lacks {what}: {remedy}", { what, remedy, family });
  }
  return lacking.length === 0;
}
