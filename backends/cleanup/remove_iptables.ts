import type { Family } from "../../model/family.ts";
import { type IptablesPlan, planIptables } from "./iptables.ts";
import { type Removal, RemovalLog } from "./removal.ts";
import { type CleanupOptions, complaint, runTool } from "./tool.ts";

/** The two ways in which iptables keeps its rules: a host may have used either, whatever `iptables` stands for now. */
const VARIANTS = ["-nft", "-legacy"];

/** Waits this many seconds for another program that changes the rules. */
const WAIT_FOR_LOCK = ["--wait", "5"];

/**
 * Removes what kube-proxy's iptables and ipvs modes left in a family's iptables, and nothing else.
 *
 * Tools that are not installed are skipped. It never rejects: what failed is in the result.
 */
export async function removeIptables(family: Family, options: CleanupOptions): Promise<Removal> {
  const log = new RemovalLog();
  const base = family === "IPv4" ? "iptables" : "ip6tables";
  let installed = false;
  for (const variant of VARIANTS) {
    const found = await log.attempt(() => removeWith(base + variant, options, log));
    installed ||= found !== false;
  }
  // The plain name stands for one of the two; old systems have nothing else.
  if (!installed) await log.attempt(() => removeWith(base, options, log));
  return log;
}

/** Removes what `tool` shows. Returns whether it is installed. */
async function removeWith(
  tool: string,
  options: CleanupOptions,
  log: RemovalLog,
): Promise<boolean> {
  const saved = await runTool(`${tool}-save`, [], options);
  if (saved === undefined) return false;
  if (saved.code !== 0) {
    log.unusable(tool, complaint(saved));
    return true;
  }
  const plan = planIptables(saved.stdout);
  for (const { table, chain, rule } of plan.kept) {
    const what = `chain "${chain}" of table "${table}" (${tool})`;
    log.failures.push(new Error(`Cannot remove ${what}: the rule '${rule}' uses it, delete that`));
  }
  if (plan.script !== "") await restore(tool, plan, options, log);
  return true;
}

async function restore(
  tool: string,
  plan: IptablesPlan,
  options: CleanupOptions,
  log: RemovalLog,
): Promise<void> {
  const args = [...WAIT_FOR_LOCK, "--noflush"];
  const result = await runTool(`${tool}-restore`, args, options, [plan.script]);
  if (result?.code !== 0) {
    throw new Error(`Cannot remove kube-proxy's chains: "${tool}-restore": ${complaint(result)}`);
  }
  log.removed.push(`${plan.chains} chains and ${plan.jumps} jumps (${tool})`);
}
