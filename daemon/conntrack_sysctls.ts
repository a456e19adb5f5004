import type { Logger } from "@logtape/logtape";
import type { Sysctl, SysctlValues } from "../backends/sysctl/sysctl.ts";
import type { KubeProxyConfiguration } from "../config/configuration.ts";

/** A kernel parameter and what it has to be. */
export interface WantedSysctl {
  readonly name: string;
  readonly value: number;
  /** What a higher value is, where it is no reason for a warning: it stays, or is lowered if the kernel lets it. */
  readonly higher?: "good" | "tolerable";
}

/** What many CPUs come to at the most, as in kube-proxy. */
const MOST_CONNECTIONS = 1_048_576;

/** Connections for each bucket of the kernel's hash table. */
const PER_BUCKET = 4;

/**
 * Returns what the configuration asks of the kernel's connection tracking on a machine with `cpus` CPUs.
 *
 * The rules are kube-proxy's (`cmd/kube-proxy/app/conntrack.go`): zeros leave the kernel's value, and `min` counts with
 * `maxPerCore` only. The size of the hash table follows the limit, through `nf_conntrack_buckets`, which stands for the
 * module's parameter `hashsize`. Fractions of a second are cut off, but a timeout of 0, at which the kernel would forget
 * every connection at once, never comes of it.
 */
export function conntrackSysctls(
  conntrack: KubeProxyConfiguration["conntrack"],
  cpus: number,
): readonly WantedSysctl[] {
  return [
    ...limit(mostConnections(conntrack, cpus)),
    ...timeout("tcp_timeout_established", conntrack.tcpEstablishedTimeout),
    ...timeout("tcp_timeout_close_wait", conntrack.tcpCloseWaitTimeout),
    ...timeout("udp_timeout", conntrack.udpTimeout),
    ...timeout("udp_timeout_stream", conntrack.udpStreamTimeout),
    ...(conntrack.tcpBeLiberal ? [{ name: nf("tcp_be_liberal"), value: 1 }] : []),
  ];
}

function mostConnections(
  { maxPerCore, min }: KubeProxyConfiguration["conntrack"],
  cpus: number,
): number {
  if (maxPerCore === 0) return 0;
  const scaled = maxPerCore * cpus;
  return scaled > MOST_CONNECTIONS ? MOST_CONNECTIONS : Math.max(scaled, min);
}

function limit(max: number): readonly WantedSysctl[] {
  if (max === 0) return [];
  return [
    { name: nf("max"), value: max, higher: "tolerable" },
    { name: nf("buckets"), value: Math.floor(max / PER_BUCKET), higher: "good" },
  ];
}

function timeout(name: string, milliseconds: number): readonly WantedSysctl[] {
  if (milliseconds <= 0) return [];
  return [{ name: nf(name), value: Math.max(1, Math.floor(milliseconds / 1000)) }];
}

function nf(name: string): string {
  return `net.netfilter.nf_conntrack_${name}`;
}

/** What {@linkcode tuneConntrack} works with. */
export interface TuningOptions {
  readonly wanted: readonly WantedSysctl[];
  readonly sysctl: Sysctl;
  readonly log: Logger;
}

/**
 * Sets the parameters that are not as wanted. Never rejects: what cannot be set is one warning, and stays as it is.
 *
 * kube-proxy ends in that case. Where weir has no more than CAP_NET_ADMIN, `--init-only` sets them before it.
 */
export async function tuneConntrack(options: TuningOptions, signal?: AbortSignal): Promise<void> {
  const { wanted, sysctl, log } = options;
  if (wanted.length === 0) return;
  const names = wanted.map(({ name }) => name);
  try {
    const before = await sysctl.read(names, signal);
    const unmet = wanted.filter((each) => before.has(each.name) && !isMet(each, before));
    const changes = new Map(unmet.map(({ name, value }) => [name, String(value)]));
    const complaints = unmet.length > 0 ? await sysctl.write(changes, signal) : [];
    const after = unmet.length > 0 ? await sysctl.read(names, signal) : before;
    const set = unmet.filter((each) => isMet(each, after)).map(({ name }) => name);
    if (set.length > 0) log.info("Set kernel parameters", Object.fromEntries(pick(after, set)));
    warn(wanted.filter((each) => !isTolerable(each, after)), { after, complaints, log });
  } catch (error) {
    if (!signal?.aborted) log.warn("Connection tracking stays as the kernel has it", { error });
  }
}

function isMet({ name, value, higher }: WantedSysctl, values: SysctlValues): boolean {
  const now = Number(values.get(name) ?? NaN);
  return higher === "good" ? now >= value : now === value;
}

function isTolerable({ name, value, higher }: WantedSysctl, values: SysctlValues): boolean {
  const now = Number(values.get(name) ?? NaN);
  return higher === undefined ? now === value : now >= value;
}

function pick(values: SysctlValues, names: readonly string[]): SysctlValues {
  return new Map(names.map((name) => [name, values.get(name) ?? ""]));
}

/** Says of what could not be set what it is, and what would help. */
function warn(
  unmet: readonly WantedSysctl[],
  { after, complaints, log }: {
    readonly after: SysctlValues;
    readonly complaints: readonly string[];
    readonly log: Logger;
  },
): void {
  if (unmet.length === 0) return;
  const values = unmet.map(({ name, value }) =>
    `${name} is ${after.get(name) ?? "missing"}, not ${value}`
  );
  const isMissing = unmet.every(({ name }) => !after.has(name));
  const remedy = isMissing
    ? "load the kernel module nf_conntrack"
    : `run "weir --init-only" with the right to write /proc/sys in the host's network namespace ` +
      `first, or set the field to 0 to leave the kernel's value`;
  log.warn("Cannot set kernel parameters: {remedy}", {
    remedy,
    values: values.join("; "),
    ...(complaints.length > 0 ? { reason: complaints.join("; ") } : {}),
  });
}
