import { FAMILIES, type Family } from "../model/family.ts";

/**
 * Returns the families that this machine's kernel has.
 *
 * IPv6 is missing where the kernel was built or started without it (`/proc/net/if_inet6` is absent) or where
 * `net.ipv6.conf.all.disable_ipv6` is 1.
 */
export function supportedFamilies(
  readTextFile: (path: string) => string = Deno.readTextFileSync,
): readonly Family[] {
  const read = (path: string): string | undefined => {
    try {
      return readTextFile(path);
    } catch {
      return undefined;
    }
  };
  const hasIPv6 = read("/proc/net/if_inet6") !== undefined &&
    read("/proc/sys/net/ipv6/conf/all/disable_ipv6")?.trim() !== "1";
  return FAMILIES.filter((family) => family === "IPv4" || hasIPv6);
}
