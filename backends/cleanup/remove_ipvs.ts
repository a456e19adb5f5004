import { FAMILIES } from "../../model/family.ts";
import {
  type IpvsLink,
  type NodePort,
  ownIpSets,
  parseLink,
  parseNodePorts,
  planVirtualServers,
} from "./ipvs.ts";
import { IPVS_LINK, nodePortSets } from "./kube_proxy_names.ts";
import { type Removal, RemovalLog } from "./removal.ts";
import { type CleanupOptions, complaint, runTool } from "./tool.ts";

/** How often an IP set in use is tried again, and after how many milliseconds. */
const RETRIES = 20;
const RETRY_MS = 100;

/**
 * Removes what kube-proxy's ipvs mode left beside iptables in both families: virtual servers, the interface with their
 * addresses, and IP sets. The iptables rules that use the sets have to go before.
 *
 * Tools that are not installed are skipped. It never rejects: what failed is in the result.
 */
export async function removeIpvs(options: CleanupOptions): Promise<Removal> {
  const log = new RemovalLog();
  const link = await log.attempt(() => findLink(options, log));
  const sets = await log.attempt(() => findIpSets(options, log)) ?? [];
  const nodePorts = await log.attempt(() => findNodePorts(sets, options)) ?? [];
  const addresses = link?.kind === "dummy" ? link.addresses : new Set<string>();
  // What is kube-proxy's is known by its interface and sets. Without them nobody wakes IPVS, which would load its module.
  if (addresses.size > 0 || nodePorts.length > 0) {
    await log.attempt(() => removeVirtualServers(addresses, nodePorts, options, log));
  }
  if (link !== undefined) await log.attempt(() => removeLink(link, options, log));
  await log.attempt(() => destroyIpSets(sets, options, log));
  return log;
}

async function findLink(options: CleanupOptions, log: RemovalLog): Promise<IpvsLink | undefined> {
  const args = ["-json", "-details", "address", "show", "dev", IPVS_LINK];
  const result = await runTool("ip", args, options);
  if (result === undefined || result.stderr.includes("does not exist")) return undefined;
  if (result.code === 0) return parseLink(result.stdout);
  log.unusable("ip", complaint(result));
  return undefined;
}

async function removeLink(
  { kind }: IpvsLink,
  options: CleanupOptions,
  log: RemovalLog,
): Promise<void> {
  const action = `Cannot delete the interface "${IPVS_LINK}"`;
  if (kind !== "dummy") {
    throw new Error(`${action}: its type is "${kind}", and kube-proxy's is "dummy"`);
  }
  const result = await runTool("ip", ["link", "delete", "dev", IPVS_LINK], options);
  if (result?.code !== 0) throw new Error(`${action}: ${complaint(result)}`);
  log.removed.push(`the interface ${IPVS_LINK}`);
}

async function findIpSets(options: CleanupOptions, log: RemovalLog): Promise<readonly string[]> {
  const result = await runTool("ipset", ["list", "-name"], options);
  if (result === undefined) return [];
  if (result.code === 0) return ownIpSets(result.stdout);
  log.unusable("ipset", complaint(result));
  return [];
}

async function findNodePorts(
  sets: readonly string[],
  options: CleanupOptions,
): Promise<readonly NodePort[]> {
  const holders = new Set(FAMILIES.flatMap(nodePortSets));
  const nodePorts: NodePort[] = [];
  for (const set of sets.filter((name) => holders.has(name))) {
    const result = await runTool("ipset", ["save", set], options);
    if (result?.code === 0) nodePorts.push(...parseNodePorts(result.stdout));
  }
  return nodePorts;
}

async function removeVirtualServers(
  addresses: ReadonlySet<string>,
  nodePorts: readonly NodePort[],
  options: CleanupOptions,
  log: RemovalLog,
): Promise<void> {
  const saved = await runTool("ipvsadm", ["--save", "--numeric"], options);
  if (saved === undefined) return;
  if (saved.code !== 0) {
    log.unusable("ipvsadm", complaint(saved));
    return;
  }
  const script = planVirtualServers(saved.stdout, addresses, nodePorts);
  if (script.length === 0) return;
  const result = await runTool("ipvsadm", ["--restore"], options, script);
  if (result?.code !== 0) {
    throw new Error(`Cannot remove virtual servers with "ipvsadm": ${complaint(result)}`);
  }
  log.removed.push(`${script.length} virtual servers`);
}

/** Destroys sets. The kernel lets go of them some time after the last rule that uses them is gone. */
async function destroyIpSets(
  sets: readonly string[],
  options: CleanupOptions,
  log: RemovalLog,
): Promise<void> {
  let left = sets;
  for (let retries = 0; left.length > 0; retries++) {
    if (retries > 0) await options.clock.sleep(RETRY_MS, options.signal);
    const mayRetry = retries < RETRIES && !options.signal?.aborted;
    const busy: string[] = [];
    for (const set of left) {
      const result = await runTool("ipset", ["destroy", set], options);
      if (result?.code === 0) log.removed.push(`the IP set ${set}`);
      else if (mayRetry && complaint(result).includes("in use")) busy.push(set);
      else log.failures.push(new Error(`Cannot destroy the IP set "${set}": ${complaint(result)}`));
    }
    left = busy;
  }
}
