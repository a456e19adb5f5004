import { normaliseAddress, normaliseCIDR } from "../model/address.ts";
import { familyOf } from "../model/family.ts";
import { parseHostPort } from "./bind_address.ts";
import { KUBERNETES_VERSION, previousMinor } from "./compatibility.ts";
import { type ConfigProblem, quote } from "./config_error.ts";
import type { KubeProxyConfiguration } from "./configuration.ts";
import { formatDuration } from "./duration.ts";
import { featureGate } from "./feature_gates.ts";
import { activeSection, DETECT_LOCAL_MODES, isForeign, MODES, splitCIDRs } from "./modes.ts";
import { validateLogging } from "./validate_logging.ts";

/** What else than kube-proxy's rules holds. */
export interface ValidateOptions {
  /** Refuse the modes that weir would run as nftables. @default {false} */
  readonly strictMode?: boolean;
}

/**
 * Returns everything that is wrong with the values of a configuration whose defaults are applied, in the order of its
 * fields; empty when it can be used.
 *
 * The rules are kube-proxy's, which no longer has the mode userspace: sections of other modes than the configured one
 * are not looked at.
 */
export function validateConfiguration(
  config: KubeProxyConfiguration,
  { strictMode = false }: ValidateOptions = {},
): ConfigProblem[] {
  return [
    ...validateFeatureGates(config),
    ...atLeastZero("clientConnection.burst", config.clientConnection.burst),
    ...validateLogging(config),
    ...validateAddresses(config),
    ...validateHiddenMetrics(config.showHiddenMetricsForVersion),
    ...validateMode(config, strictMode),
    ...validatePeriods(config),
    ...validateLocalDetection(config),
    ...validateNodePortAddresses(config.nodePortAddresses),
    ...between("oomScoreAdj", config.oomScoreAdj, -1000, 1000),
    ...validateConntrack(config),
  ];
}

function validateFeatureGates({ featureGates }: KubeProxyConfiguration): ConfigProblem[] {
  return Object.entries(featureGates).flatMap(([name, value]) => {
    const gate = featureGate(name);
    const path = `featureGates.${name}`;
    if (gate === undefined) return problem(path, `${quote(name)} is not a feature gate`);
    if (!gate.locked || gate.byDefault === value) return [];
    return problem(
      path,
      `${quote(value)} is not possible, the gate is locked to ${gate.byDefault}`,
    );
  });
}

function validateAddresses(config: KubeProxyConfiguration): ConfigProblem[] {
  const { bindAddress, healthzBindAddress, metricsBindAddress } = config;
  return [
    ...(normaliseAddress(bindAddress) === undefined
      ? problem(
        "bindAddress",
        `${quote(bindAddress)} is not an IP address without brackets and port`,
      )
      : []),
    ...(healthzBindAddress === "" ? [] : listenAddress("healthzBindAddress", healthzBindAddress)),
    ...listenAddress("metricsBindAddress", metricsBindAddress),
  ];
}

function listenAddress(path: string, address: string): ConfigProblem[] {
  const parsed = parseHostPort(address);
  if (typeof parsed !== "string") return [];
  return problem(path, `${quote(address)} ${parsed}, write e.g. "0.0.0.0:10256"`);
}

function validateHiddenMetrics(version: string): ConfigProblem[] {
  if (version === "" || version === previousMinor()) return [];
  return problem(
    "showHiddenMetricsForVersion",
    `${
      quote(version)
    } is not the minor release before ${KUBERNETES_VERSION}, write "${previousMinor()}"`,
  );
}

function validateMode(config: KubeProxyConfiguration, strictMode: boolean): ConfigProblem[] {
  const { mode, iptables, nftables, ipvs } = config;
  return [
    ...validateModeName(mode, strictMode),
    ...between("iptables.masqueradeBit", iptables.masqueradeBit, 0, 31),
    ...(isForeign(mode) ? [] : between("nftables.masqueradeBit", nftables.masqueradeBit, 0, 31)),
    ...(mode === "ipvs" ? validateIPVS(ipvs) : []),
  ];
}

function validateModeName(mode: string, strictMode: boolean): ConfigProblem[] {
  if (!MODES.includes(mode)) {
    return problem(
      "mode",
      `${quote(mode)} is not a mode, write "nftables", "iptables" or "ipvs" (blank means iptables)`,
    );
  }
  if (!strictMode || !isForeign(mode)) return [];
  return problem(
    "mode",
    `${quote(mode)} would run as nftables, which --strict-mode refuses, write "nftables"`,
  );
}

function validateIPVS(ipvs: KubeProxyConfiguration["ipvs"]): ConfigProblem[] {
  return [
    ...notNegative("ipvs.tcpTimeout", ipvs.tcpTimeout),
    ...notNegative("ipvs.tcpFinTimeout", ipvs.tcpFinTimeout),
    ...notNegative("ipvs.udpTimeout", ipvs.udpTimeout),
    ...ipvs.excludeCIDRs.flatMap((cidr, index) => validCIDR(`ipvs.excludeCIDRs[${index}]`, cidr)),
  ];
}

function validatePeriods(config: KubeProxyConfiguration): ConfigProblem[] {
  const section = activeSection(config.mode);
  const { syncPeriod, minSyncPeriod } = config[section];
  return [
    ...positive("configSyncPeriod", config.configSyncPeriod),
    ...positive(`${section}.syncPeriod`, syncPeriod),
    ...notNegative(`${section}.minSyncPeriod`, minSyncPeriod),
    ...(syncPeriod >= minSyncPeriod ? [] : problem(
      `${section}.syncPeriod`,
      `"${formatDuration(syncPeriod)}" is less than minSyncPeriod "${
        formatDuration(minSyncPeriod)
      }"`,
    )),
  ];
}

function validateLocalDetection(config: KubeProxyConfiguration): ConfigProblem[] {
  const { bridgeInterface, interfaceNamePrefix } = config.detectLocal;
  switch (config.detectLocalMode) {
    case "":
    case "ClusterCIDR":
      return validateClusterCIDR(config.clusterCIDR);
    case "BridgeInterface":
      return named("detectLocal.bridgeInterface", bridgeInterface, "BridgeInterface");
    case "InterfaceNamePrefix":
      return named("detectLocal.interfaceNamePrefix", interfaceNamePrefix, "InterfaceNamePrefix");
    case "NodeCIDR":
      return [];
    default:
      return problem(
        "detectLocalMode",
        `${quote(config.detectLocalMode)} is not one of ${
          DETECT_LOCAL_MODES.map(quote).join(", ")
        }`,
      );
  }
}

/** What no interface has in its name, and a quotation mark, which nft has no way to write. */
const NOT_IN_NAMES = /[\s/:"\p{Cc}]/u;

function named(path: string, name: string, mode: string): ConfigProblem[] {
  if (name === "") return problem(path, `"" is not possible with detectLocalMode "${mode}"`);
  if (!NOT_IN_NAMES.test(name)) return [];
  return problem(
    path,
    `${quote(name)} is no name of an interface: it has a blank, '"', "/" or ":"`,
  );
}

function validateClusterCIDR(clusterCIDR: string): ConfigProblem[] {
  const cidrs = splitCIDRs(clusterCIDR);
  const normalised = cidrs.map(normaliseCIDR).filter((cidr) => cidr !== undefined);
  if (normalised.length < cidrs.length) {
    return cidrs.flatMap((cidr, index) =>
      normaliseCIDR(cidr) === undefined
        ? problem("clusterCIDR", `${quote(cidr)} (item ${index + 1}) is not a CIDR`)
        : []
    );
  }
  const families = new Set(normalised.map(familyOf));
  if (cidrs.length <= 1 || (cidrs.length === 2 && families.size === 2)) return [];
  return problem(
    "clusterCIDR",
    `${quote(clusterCIDR)} is neither one CIDR nor one of each IP family`,
  );
}

function validateNodePortAddresses(addresses: readonly string[]): ConfigProblem[] {
  const problems: ConfigProblem[] = [];
  for (const [index, address] of addresses.entries()) {
    const path = `nodePortAddresses[${index}]`;
    if (address === "primary") {
      if (addresses.length === 1) return [];
      return [...problems, ...problem(path, `"primary" cannot stand beside other entries`)];
    }
    problems.push(...validCIDR(path, address));
  }
  return problems;
}

function validateConntrack({ conntrack }: KubeProxyConfiguration): ConfigProblem[] {
  return [
    ...atLeastZero("conntrack.maxPerCore", conntrack.maxPerCore),
    ...atLeastZero("conntrack.min", conntrack.min),
    ...notNegative("conntrack.tcpEstablishedTimeout", conntrack.tcpEstablishedTimeout),
    ...notNegative("conntrack.tcpCloseWaitTimeout", conntrack.tcpCloseWaitTimeout),
    ...notNegative("conntrack.udpTimeout", conntrack.udpTimeout),
    ...notNegative("conntrack.udpStreamTimeout", conntrack.udpStreamTimeout),
  ];
}

function validCIDR(path: string, cidr: string): ConfigProblem[] {
  if (normaliseCIDR(cidr) !== undefined) return [];
  return problem(path, `${quote(cidr)} is not a CIDR like "192.0.2.0/24"`);
}

function between(path: string, value: number, least: number, most: number): ConfigProblem[] {
  if (value >= least && value <= most) return [];
  return problem(path, `"${value}" is not between ${least} and ${most}`);
}

function atLeastZero(path: string, value: number): ConfigProblem[] {
  return value >= 0 ? [] : problem(path, `"${value}" is negative`);
}

function notNegative(path: string, duration: number): ConfigProblem[] {
  return duration >= 0 ? [] : problem(path, `"${formatDuration(duration)}" is negative`);
}

function positive(path: string, duration: number): ConfigProblem[] {
  return duration > 0 ? [] : problem(path, `"${formatDuration(duration)}" is not more than zero`);
}

function problem(path: string, message: string): ConfigProblem[] {
  return [{ path, message }];
}
