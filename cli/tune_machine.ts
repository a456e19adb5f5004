import type { Logger } from "@logtape/logtape";
import { runProcess } from "../backends/process.ts";
import { spawnedSysctl } from "../backends/sysctl/sysctl.ts";
import type { KubeProxyConfiguration } from "../config/configuration.ts";
import { conntrackSysctls, tuneConntrack } from "../daemon/conntrack_sysctls.ts";
import { adjustOomScore } from "../daemon/oom_score.ts";

/** Sets what the configuration asks of the kernel: for connection tracking, and for this process. Never rejects. */
export async function tuneMachine(
  config: KubeProxyConfiguration,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  await Promise.all([
    adjustOomScore({ score: config.oomScoreAdj, run: runProcess, log }, signal),
    tuneKernel(config, log, signal),
  ]);
}

/** Sets what the configuration asks of the kernel for connection tracking. Never rejects. */
export async function tuneKernel(
  { conntrack }: KubeProxyConfiguration,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  const wanted = conntrackSysctls(conntrack, await countCPUs());
  await tuneConntrack({ wanted, sysctl: spawnedSysctl(), log }, signal);
}

/** Counts the machine's CPUs, also those that this process may not use: the limit is for the whole machine. */
async function countCPUs(): Promise<number> {
  const { cpus } = await import("node:os");
  return cpus().length;
}
