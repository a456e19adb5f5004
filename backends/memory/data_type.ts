import { cidrContains, normaliseAddress, normaliseCIDR } from "../../model/address.ts";

/** One kind of value that packets have and rules compare: how its literals are read and what they match. */
export interface DataType {
  readonly name: string;
  /** Returns the canonical form of a literal; undefined when it is none of this type. */
  canonical(literal: string): string | undefined;
  /** Tells whether a canonical literal stands for more than one value. */
  isRange(literal: string): boolean;
  /** Tells whether a canonical literal stands for `value`. */
  matches(literal: string, value: string): boolean;
}

/** IP addresses and CIDRs; a CIDR of one address is that address. */
export const ADDRESS: DataType = {
  name: "address",
  canonical(literal) {
    const cidr = normaliseCIDR(literal);
    if (cidr === undefined) return normaliseAddress(literal);
    const [address, bits] = cidr.split("/");
    return bits === (cidr.includes(":") ? "128" : "32") ? address : cidr;
  },
  isRange: (literal) => literal.includes("/"),
  matches: (literal, value) =>
    literal.includes("/") ? cidrContains(literal, value) : literal === value,
};

/** Names of interfaces in quotes; `"cali*"` stands for all that begin so. */
export const INTERFACE: DataType = {
  name: "interface",
  canonical: (literal) => /^"[^"]*"$/.test(literal) ? literal.slice(1, -1) : undefined,
  isRange: (literal) => literal.endsWith("*"),
  matches: (literal, value) =>
    literal.endsWith("*") ? value.startsWith(literal.slice(0, -1)) : literal === value,
};

/** Ports. */
export const PORT = numbers("port", 0xffff);
/** Slots: the results of random numbers and hashes. */
export const SLOT = numbers("slot", 0xffff_ffff);
/** Packet marks. */
export const MARK = numbers("mark", 0xffff_ffff);

/** Protocols of layer 4, by name. */
export const PROTOCOL = words("protocol", ["tcp", "udp", "sctp", "icmp", "ipv6-icmp"]);
/** States of a connection; only the first packet of one is ever evaluated. */
export const STATE = words("state", ["new", "established", "related", "invalid"]);
/** What has been done to a connection. */
export const STATUS = words("status", ["dnat", "snat"]);
/** What the routing table says of an address. */
export const ADDRESS_TYPE = words("address type", ["local", "unicast"]);

function numbers(name: string, largest: number): DataType {
  return {
    name,
    canonical(literal) {
      if (!/^(\d+|0x[\da-f]+)$/.test(literal)) return undefined;
      return Number(literal) <= largest ? `${Number(literal)}` : undefined;
    },
    isRange: () => false,
    matches: (literal, value) => literal === value,
  };
}

function words(name: string, known: readonly string[]): DataType {
  return {
    name,
    canonical: (literal) => known.includes(literal) ? literal : undefined,
    isRange: () => false,
    matches: (literal, value) => literal === value,
  };
}
