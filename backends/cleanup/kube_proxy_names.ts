import type { Family } from "../../model/family.ts";

/** A table of iptables in which kube-proxy has chains. */
export type IptablesTable = "nat" | "filter" | "mangle";

/** What every chain that kube-proxy's iptables and ipvs modes make is called, in a table. */
export interface ChainNames {
  readonly exact: ReadonlySet<string>;
  readonly prefixes: readonly string[];
}

/**
 * The chains of kube-proxy's iptables and ipvs modes.
 *
 * `KUBE-FIREWALL`, `KUBE-KUBELET-CANARY`, `KUBE-IPTABLES-HINT` and `KUBE-MARK-DROP` are the kubelet's: they stay.
 */
export const CHAINS: Readonly<Record<IptablesTable, ChainNames>> = {
  nat: {
    exact: new Set([
      "KUBE-SERVICES",
      "KUBE-NODEPORTS",
      "KUBE-POSTROUTING",
      "KUBE-MARK-MASQ",
      "KUBE-PROXY-CANARY",
      "KUBE-NODE-PORT",
      "KUBE-LOAD-BALANCER",
    ]),
    prefixes: ["KUBE-SVC-", "KUBE-SVL-", "KUBE-EXT-", "KUBE-FW-", "KUBE-SEP-"],
  },
  filter: {
    exact: new Set([
      "KUBE-SERVICES",
      "KUBE-EXTERNAL-SERVICES",
      "KUBE-FORWARD",
      "KUBE-NODEPORTS",
      "KUBE-PROXY-FIREWALL",
      "KUBE-PROXY-CANARY",
      "KUBE-NODE-PORT",
      "KUBE-SOURCE-RANGES-FIREWALL",
      "KUBE-IPVS-FILTER",
      "KUBE-IPVS-OUT-FILTER",
    ]),
    prefixes: [],
  },
  mangle: { exact: new Set(["KUBE-PROXY-CANARY"]), prefixes: [] },
};

/** The rules with which kube-proxy leads from the kernel's chains to one of its own. */
export interface Jumps {
  readonly table: IptablesTable;
  readonly from: readonly string[];
  readonly to: string;
  readonly comment: string;
  /** Whether only the first packet of a connection goes there. */
  readonly onlyNew: boolean;
}

/** The jumps of kube-proxy's iptables and ipvs modes. */
export const JUMPS: readonly Jumps[] = [
  {
    table: "filter",
    from: ["INPUT", "FORWARD"],
    to: "KUBE-EXTERNAL-SERVICES",
    comment: "kubernetes externally-visible service portals",
    onlyNew: true,
  },
  {
    table: "filter",
    from: ["INPUT"],
    to: "KUBE-NODEPORTS",
    comment: "kubernetes health check service ports",
    onlyNew: false,
  },
  {
    table: "filter",
    from: ["FORWARD", "OUTPUT"],
    to: "KUBE-SERVICES",
    comment: "kubernetes service portals",
    onlyNew: true,
  },
  {
    table: "filter",
    from: ["FORWARD"],
    to: "KUBE-FORWARD",
    comment: "kubernetes forwarding rules",
    onlyNew: false,
  },
  {
    table: "filter",
    from: ["INPUT", "OUTPUT", "FORWARD"],
    to: "KUBE-PROXY-FIREWALL",
    comment: "kubernetes load balancer firewall",
    onlyNew: true,
  },
  {
    table: "nat",
    from: ["OUTPUT", "PREROUTING"],
    to: "KUBE-SERVICES",
    comment: "kubernetes service portals",
    onlyNew: false,
  },
  {
    table: "nat",
    from: ["POSTROUTING"],
    to: "KUBE-POSTROUTING",
    comment: "kubernetes postrouting rules",
    onlyNew: false,
  },
  {
    table: "filter",
    from: ["INPUT"],
    to: "KUBE-NODE-PORT",
    comment: "kubernetes health check rules",
    onlyNew: false,
  },
  {
    table: "filter",
    from: ["INPUT", "FORWARD"],
    to: "KUBE-PROXY-FIREWALL",
    comment: "kube-proxy firewall rules",
    onlyNew: false,
  },
  {
    table: "filter",
    from: ["INPUT"],
    to: "KUBE-IPVS-FILTER",
    comment: "kubernetes ipvs access filter",
    onlyNew: false,
  },
  {
    table: "filter",
    from: ["OUTPUT"],
    to: "KUBE-IPVS-OUT-FILTER",
    comment: "kubernetes ipvs access filter",
    onlyNew: false,
  },
];

/** The dummy interface that carries the service addresses of kube-proxy's ipvs mode. */
export const IPVS_LINK = "kube-ipvs0";

/** The IP sets that hold the node ports of kube-proxy's ipvs mode, without their prefix. */
const NODE_PORT_SETS = ["NODE-PORT-TCP", "NODE-PORT-UDP", "NODE-PORT-SCTP-HASH"];

/** The IP sets of kube-proxy's ipvs mode, without their prefix. */
const IP_SETS = [
  "LOOP-BACK",
  "CLUSTER-IP",
  "EXTERNAL-IP",
  "EXTERNAL-IP-LOCAL",
  "LOAD-BALANCER",
  "LOAD-BALANCER-FW",
  "LOAD-BALANCER-LOCAL",
  "LOAD-BALANCER-SOURCE-IP",
  "LOAD-BALANCER-SOURCE-CIDR",
  ...NODE_PORT_SETS,
  "NODE-PORT-LOCAL-TCP",
  "NODE-PORT-LOCAL-UDP",
  "NODE-PORT-LOCAL-SCTP-HASH",
  "HEALTH-CHECK-NODE-PORT",
  "IPVS-IPS",
];

/** The longest name of an IP set (`IPSET_MAXNAMELEN - 1`), to which kube-proxy cuts names that are longer. */
const IP_SET_NAME_LENGTH = 31;

/** Returns the IP sets of a family. The reference's cleanup forgets those of IPv6. */
export function ipSets(family: Family): readonly string[] {
  return IP_SETS.map((suffix) => ipSetName(family, suffix));
}

/** Returns those of {@linkcode ipSets} that hold node ports. */
export function nodePortSets(family: Family): readonly string[] {
  return NODE_PORT_SETS.map((suffix) => ipSetName(family, suffix));
}

function ipSetName(family: Family, suffix: string): string {
  return `KUBE-${family === "IPv6" ? "6-" : ""}${suffix}`.slice(0, IP_SET_NAME_LENGTH);
}
