import ipaddr from "ipaddr.js";

/**
 * Returns the canonical text of an IP address, or undefined when `text` is none.
 *
 * Lenient as the Kubernetes API is for stored objects: IPv4 octets may have leading zeros, which are read as
 * decimal. An IPv4-mapped IPv6 address is the IPv4 address that it carries. Zone ids are refused.
 */
export function normaliseAddress(text: string): string | undefined {
  return text.includes(":") ? normaliseIPv6(text) : normaliseIPv4(text);
}

/**
 * Returns the canonical text of a CIDR with the host bits cleared, or undefined when `text` is none.
 *
 * Lenient like {@linkcode normaliseAddress}; the prefix length may have leading zeros too.
 */
export function normaliseCIDR(text: string): string | undefined {
  const slash = text.indexOf("/");
  if (slash < 0) return undefined;
  const address = normaliseAddress(text.slice(0, slash));
  const length = text.slice(slash + 1);
  if (address === undefined || !/^\d{1,5}$/.test(length)) return undefined;
  const parsed = ipaddr.parse(address);
  const bits = Number(length);
  if (bits > (parsed.kind() === "ipv4" ? 32 : 128)) return undefined;
  const network = parsed.kind() === "ipv4"
    ? ipaddr.IPv4.networkAddressFromCIDR(`${address}/${bits}`)
    : ipaddr.IPv6.networkAddressFromCIDR(`${address}/${bits}`);
  return `${network.toString()}/${bits}`;
}

/** Tells whether the normalised `address` lies in the normalised `cidr`; never across families. */
export function cidrContains(cidr: string, address: string): boolean {
  const [network, bits] = ipaddr.parseCIDR(cidr);
  const parsed = ipaddr.parse(address);
  return parsed.kind() === network.kind() && parsed.match([network, bits] as never);
}

/** Returns the CIDR that holds nothing but the normalised `address`. */
export function hostCIDR(address: string): string {
  return `${address}/${address.includes(":") ? 128 : 32}`;
}

/** Tells whether the normalised `address` is a loopback address (127.0.0.0/8 or ::1). */
export function isLoopback(address: string): boolean {
  return address === "::1" || address.startsWith("127.");
}

/**
 * Returns `cidrs` without those that lie inside another one, sorted.
 *
 * Two CIDRs are either nested or disjoint, so that the result can be the elements of an nftables interval set, which
 * refuses overlapping elements.
 */
export function disjointCIDRs(cidrs: Iterable<string>): string[] {
  const unique = [...new Set(cidrs)].sort();
  return unique.filter((inner) => !unique.some((outer) => outer !== inner && nests(outer, inner)));
}

function nests(outer: string, inner: string): boolean {
  const [address = "", bits = ""] = inner.split("/");
  return Number(outer.split("/")[1]) <= Number(bits) && cidrContains(outer, address);
}

const CANONICAL_IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;

function normaliseIPv4(text: string): string | undefined {
  if (CANONICAL_IPV4.test(text)) return text;
  if (!/^\d+\.\d+\.\d+\.\d+$/.test(text)) return undefined;
  const plain = text.split(".").map((octet) => String(Number(octet))).join(".");
  return CANONICAL_IPV4.test(plain) ? plain : undefined;
}

function normaliseIPv6(text: string): string | undefined {
  if (text.includes("%") || !ipaddr.IPv6.isValid(text)) return undefined;
  const address = ipaddr.IPv6.parse(text);
  return address.isIPv4MappedAddress()
    ? address.toIPv4Address().toString()
    : address.toRFC5952String();
}
