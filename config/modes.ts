/** The proxy modes that a configuration can name; blank is iptables, and userspace went with Kubernetes 1.26. */
export const MODES: readonly string[] = ["", "iptables", "ipvs", "nftables", "userspace"];

/** The ways to tell a local pod's traffic; blank is ClusterCIDR. */
export const DETECT_LOCAL_MODES: readonly string[] = [
  "ClusterCIDR",
  "NodeCIDR",
  "BridgeInterface",
  "InterfaceNamePrefix",
  "",
];

/** Tells whether `mode` is one that weir runs as nftables without being it. */
export function isForeign(mode: string): boolean {
  return mode !== "nftables";
}

/** The section whose sync periods count in `mode`. */
export function activeSection(mode: string): "nftables" | "iptables" | "ipvs" {
  return mode === "nftables" || mode === "ipvs" ? mode : "iptables";
}

/** The items of a comma-separated list of CIDRs, with their blanks; none for an empty string. */
export function splitCIDRs(list: string): readonly string[] {
  return list === "" ? [] : list.split(",");
}
