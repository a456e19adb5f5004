/** An IP family, spelled as the Kubernetes API and kube-proxy's metrics spell it. */
export type Family = "IPv4" | "IPv6";

/** Both families, in the order in which they are programmed and reported. */
export const FAMILIES: readonly Family[] = ["IPv4", "IPv6"];

/** A layer 4 protocol that a Service port can name. */
export type Protocol = "TCP" | "UDP" | "SCTP";

/** The protocols that weir programs, in the order in which their maps are declared. */
export const PROTOCOLS: readonly Protocol[] = ["TCP", "UDP", "SCTP"];

/** Tells the family of a normalised address: an IPv6 address is the one with a colon. */
export function familyOf(address: string): Family {
  return address.includes(":") ? "IPv6" : "IPv4";
}
