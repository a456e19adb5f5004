import { quote } from "./config_error.ts";
import type { KubeProxyConfiguration } from "./configuration.ts";
import { formatDuration } from "./duration.ts";
import { activeSection, isForeign } from "./modes.ts";

const RANDOM = "a random endpoint for every new connection, all equally likely";
const NO_COUNTS = `${RANDOM}: connections are not counted`;
const NOT_STICKY = `${RANDOM}: set "sessionAffinity: ClientIP" on Services whose clients must stay`;

/** What becomes of each IPVS scheduler. `wrr` is `rr` in kube-proxy too, as it gives all endpoints the weight 1. */
export const SCHEDULERS: Readonly<Record<string, string>> = {
  "": RANDOM,
  rr: RANDOM,
  wrr: RANDOM,
  lc: NO_COUNTS,
  wlc: NO_COUNTS,
  sed: NO_COUNTS,
  nq: NO_COUNTS,
  lblc: NO_COUNTS,
  lblcr: NO_COUNTS,
  sh: NOT_STICKY,
  mh: RANDOM,
  dh: RANDOM,
};

/**
 * Says what a mode other than nftables becomes, and what each of its options becomes: one warning, or none in nftables
 * mode.
 */
export function modeWarnings(config: KubeProxyConfiguration): readonly string[] {
  if (!isForeign(config.mode)) return [];
  const blank = config.mode === "" ? ` (kube-proxy runs it as iptables)` : "";
  const options = [
    ...(config.mode === "ipvs" ? ipvsOptions(config) : iptablesOptions(config)),
    ...sharedOptions(config),
  ];
  return [`Mode ${quote(config.mode)}${blank} becomes nftables: ${options.join("; ")}`];
}

function ipvsOptions({ ipvs }: KubeProxyConfiguration): string[] {
  const timeouts = [
    timeout("tcpTimeout", ipvs.tcpTimeout, "conntrack.tcpEstablishedTimeout"),
    timeout("tcpFinTimeout", ipvs.tcpFinTimeout, "conntrack.tcpCloseWaitTimeout"),
    timeout("udpTimeout", ipvs.udpTimeout, "conntrack.udpTimeout"),
  ];
  return [
    `scheduler ${quote(ipvs.scheduler)} becomes ${SCHEDULERS[ipvs.scheduler] ?? RANDOM}`,
    ...timeouts.flat(),
    ...(ipvs.strictARP
      ? ["strictARP has no effect, as weir puts no Service address on an interface"]
      : []),
    ...(ipvs.excludeCIDRs.length > 0
      ? ["excludeCIDRs has no effect, as weir removes no IPVS server of others"]
      : []),
  ];
}

function timeout(name: string, milliseconds: number, instead: string): string[] {
  if (milliseconds === 0) return [];
  return [`${name} ${formatDuration(milliseconds)} has no effect, set ${instead}`];
}

function iptablesOptions({ iptables }: KubeProxyConfiguration): string[] {
  return iptables.localhostNodePorts
    ? ["localhostNodePorts is off: node ports do not answer on 127.0.0.1"]
    : [];
}

/** What ipvs and iptables have in common: the periods, the masquerade settings and the node-port addresses. */
function sharedOptions(config: KubeProxyConfiguration): string[] {
  const section = activeSection(config.mode);
  const { syncPeriod, minSyncPeriod } = config[section];
  const { masqueradeAll, masqueradeBit } = config.iptables;
  return [
    `${section}.syncPeriod ${formatDuration(syncPeriod)} and ` +
    `${section}.minSyncPeriod ${formatDuration(minSyncPeriod)} are honoured`,
    ...(masqueradeAll ? ["iptables.masqueradeAll is honoured"] : []),
    ...(masqueradeBit === 14 ? [] : [`iptables.masqueradeBit ${masqueradeBit} is honoured`]),
    ...(config.nodePortAddresses.length === 0
      ? ["nodePortAddresses is empty: node ports answer on every address of the node but loopback"]
      : []),
  ];
}
