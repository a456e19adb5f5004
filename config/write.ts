import { dump, type Node, visit } from "js-yaml";
import type { KubeProxyConfiguration } from "./configuration.ts";
import { formatDuration } from "./duration.ts";
import { activeSection, isForeign } from "./modes.ts";

/**
 * Writes a configuration as a `KubeProxyConfiguration` v1alpha1 in YAML, with its fields in alphabetical order.
 *
 * It can be read back, also by kube-proxy.
 */
export function writeConfiguration(config: KubeProxyConfiguration): string {
  // The library puts quotes around what YAML 1.1, in which Kubernetes reads it, takes for no text: "yes" and "on".
  return dump(toV1alpha1(config), {
    seqNoIndent: true,
    lineWidth: -1,
    quoteStyle: "double",
    noRefs: true,
    transform: (documents) => visit(documents, sortKeys),
  });
}

function sortKeys(node: Node): void {
  if (node.kind === "mapping") node.items.sort((a, b) => textOf(a.key) < textOf(b.key) ? -1 : 1);
}

function textOf(key: Node): string {
  return key.kind === "scalar" ? key.value : "";
}

/**
 * Returns a configuration as kube-proxy shows its own: durations are text, and what the mode decides is decided.
 *
 * A blank mode is iptables, a blank `detectLocalMode` is ClusterCIDR, no `nodePortAddresses` are `primary` in nftables
 * mode. Periods stand in the mode's section only, as does `masqueradeAll`, which is that of iptables for ipvs too.
 */
export function toV1alpha1(config: KubeProxyConfiguration): Record<string, unknown> {
  const { featureGates, windowsRunAsService, ...fields } = config;
  const { conntrack, iptables, ipvs, nftables } = config;
  const foreign = isForeign(config.mode);
  return {
    ...fields,
    ...(Object.keys(featureGates).length > 0 ? { featureGates } : {}),
    ...(windowsRunAsService ? { windowsRunAsService } : {}),
    configSyncPeriod: formatDuration(config.configSyncPeriod),
    conntrack: withDurations(conntrack, [
      "tcpCloseWaitTimeout",
      "tcpEstablishedTimeout",
      "udpStreamTimeout",
      "udpTimeout",
    ]),
    detectLocalMode: config.detectLocalMode || "ClusterCIDR",
    iptables: {
      ...iptables,
      ...periods(config, "iptables"),
      masqueradeAll: foreign && iptables.masqueradeAll,
    },
    ipvs: {
      ...withDurations(ipvs, ["tcpFinTimeout", "tcpTimeout", "udpTimeout"]),
      ...periods(config, "ipvs"),
      excludeCIDRs: listOrNull(ipvs.excludeCIDRs),
    },
    logging: logging(config.logging),
    mode: config.mode || "iptables",
    nftables: {
      ...nftables,
      ...periods(config, "nftables"),
      masqueradeAll: !foreign && nftables.masqueradeAll,
    },
    nodePortAddresses: listOrNull(
      config.nodePortAddresses.length === 0 && !foreign ? ["primary"] : config.nodePortAddresses,
    ),
    portRange: "",
  };
}

type Section = "iptables" | "ipvs" | "nftables";

/** Returns the periods of a mode's section, which are 0 in those of other modes. */
function periods(config: KubeProxyConfiguration, section: Section): Record<string, string> {
  const { minSyncPeriod, syncPeriod } = section === activeSection(config.mode)
    ? config[section]
    : { minSyncPeriod: 0, syncPeriod: 0 };
  return { minSyncPeriod: formatDuration(minSyncPeriod), syncPeriod: formatDuration(syncPeriod) };
}

function logging(
  { vmodule, options, ...fields }: KubeProxyConfiguration["logging"],
): Record<string, unknown> {
  return {
    ...withDurations(fields, ["flushFrequency"]),
    options: { json: output(options.json), text: output(options.text) },
    ...(vmodule.length > 0 ? { vmodule } : {}),
  };
}

function output(
  { infoBufferSize, splitStream }: KubeProxyConfiguration["logging"]["options"]["text"],
): Record<string, unknown> {
  return { infoBufferSize, ...(splitStream ? { splitStream } : {}) };
}

/** Kubernetes' own writers show a list that is not there as null. */
function listOrNull(list: readonly string[]): readonly string[] | null {
  return list.length === 0 ? null : list;
}

/** Returns a copy of `group` with the durations in Go's syntax. */
function withDurations<Group extends { readonly [Key in Name]: number }, Name extends string>(
  group: Group,
  names: readonly Name[],
): Record<string, unknown> {
  const durations = names.map((name) => [name, formatDuration(group[name])]);
  return { ...group, ...Object.fromEntries(durations) };
}
