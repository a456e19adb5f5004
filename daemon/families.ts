import { FAMILIES, type Family, familyOf } from "../model/family.ts";

/**
 * Returns the families that this machine's kernel has.
 *
 * IPv6 is missing where the kernel was built or started without it, or where it is switched off
 * (`net.ipv6.conf.all.disable_ipv6`): then no interface, not even loopback, has an IPv6 address.
 */
export function supportedFamilies(
  interfaces: readonly { readonly address: string }[] = Deno.networkInterfaces(),
): readonly Family[] {
  const hasIPv6 = interfaces.some(({ address }) => familyOf(address) === "IPv6");
  return FAMILIES.filter((family) => family === "IPv4" || hasIPv6);
}
