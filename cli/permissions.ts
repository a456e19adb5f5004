import { PROGRAMS } from "../backends/cleanup/tool.ts";

/**
 * What weir may do, as flags of `deno run`.
 *
 * Programs are nft, conntrack, `sysctl`, `choom` and `ps` for what lies in /proc, `kill` for what a program that hangs has
 * started, and those that take away what kube-proxy's other modes left. The right to write is given up at start, except
 * for `--write-config-to`.
 */
export const PERMISSIONS: readonly string[] = [
  "--no-prompt",
  "--allow-read",
  "--allow-write",
  "--allow-net",
  `--allow-run=${["nft", "conntrack", "sysctl", "choom", "ps", "kill", ...PROGRAMS].join()}`,
  "--allow-env=KUBERNETES_SERVICE_HOST,KUBERNETES_SERVICE_PORT,LOG_TOKENS,LOG_STREAM",
  "--allow-sys=cpus,hostname,networkInterfaces",
];
