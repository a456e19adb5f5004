import { type Family, familyOf } from "../model/family.ts";

/** Where health checks of one family are answered: on all addresses of the node, or on these. */
export type ListenAddresses = "any" | readonly string[];

/** Where one port is to be open, by family; empty lists where no Service wants it. */
export type PortAddresses = Readonly<Record<Family, ListenAddresses>>;

/**
 * Returns the addresses to bind for one port.
 *
 * Deno cannot make a wildcard socket IPv6-only (`IPV6_V6ONLY`). Where the system does not do so either, the wildcard of
 * IPv6 takes the IPv4 connections too, and no IPv4 socket fits beside it: {@linkcode isWanted} tells them apart.
 */
export function bindAddresses(wanted: PortAddresses, ipv6Only: boolean): readonly string[] {
  const { IPv4, IPv6 } = wanted;
  if (IPv6 === "any" && !ipv6Only) return ["::"];
  return [...(IPv4 === "any" ? ["0.0.0.0"] : IPv4), ...(IPv6 === "any" ? ["::"] : IPv6)];
}

/** Tells whether health checks are answered on `address`, by a socket that takes connections to others too. */
export function isWanted(wanted: PortAddresses, address: string): boolean {
  const addresses = wanted[familyOf(address)];
  return addresses === "any" || addresses.includes(address);
}

/**
 * Tells whether an IPv6 wildcard socket of this system takes IPv6 connections only (`net.ipv6.bindv6only`).
 *
 * It tries: a socket for IPv6 only cannot have an IPv4 address in its IPv6 form. Deno does not let the file in /proc be
 * read without every permission there is. Without IPv6 the answer does not matter, and is false.
 */
export function wildcardIsIPv6Only(
  listen: (at: Deno.TcpListenOptions) => Disposable = Deno.listen,
) {
  try {
    using _ = listen({ hostname: "::ffff:127.0.0.1", port: 0 });
    return false;
  } catch (error) {
    return error instanceof TypeError; // Deno's name for "Invalid argument"
  }
}
