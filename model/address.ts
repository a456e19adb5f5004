import { ipVersion, parseIp, stringifyIp } from "ip-bigint";

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
  const { number, version } = parseIp(address);
  const bits = Number(length);
  if (bits > WIDTHS[version]) return undefined;
  const hostBits = BigInt(WIDTHS[version] - bits);
  return `${stringifyIp({ number: number >> hostBits << hostBits, version })}/${bits}`;
}

/** Tells whether the normalised `address` lies in the normalised `cidr`; never across families. */
export function cidrContains(cidr: string, address: string): boolean {
  const [network = "", bits] = cidr.split("/");
  const [first, one] = [parseIp(network), parseIp(address)];
  const hostBits = BigInt(WIDTHS[first.version] - Number(bits));
  return first.version === one.version && first.number >> hostBits === one.number >> hostBits;
}

/** How many bits the addresses of each IP version have. */
const WIDTHS = { 4: 32, 6: 128 } as const;

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

/** Zeros in front of a number of a dotted quad, which may be the end of an IPv6 address. */
const LEADING_ZEROS = /(?<![^:.])0+(?=\d{1,3}(?:\.|$))/g;

function normaliseIPv4(text: string): string | undefined {
  if (CANONICAL_IPV4.test(text)) return text;
  const plain = text.replaceAll(LEADING_ZEROS, "");
  return CANONICAL_IPV4.test(plain) ? plain : undefined;
}

function normaliseIPv6(text: string): string | undefined {
  const plain = text.includes(".") ? text.replaceAll(LEADING_ZEROS, "") : text;
  if (ipVersion(plain) !== 6) return undefined;
  const { number, scopeid } = parseIp(plain, { validate: false });
  if (scopeid !== undefined) return undefined;
  const isMapped = number >> 32n === 0xffffn;
  return isMapped
    ? stringifyIp({ number: number & 0xffff_ffffn, version: 4 })
    : stringifyIp({ number, version: 6 });
}
