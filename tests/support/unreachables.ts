import type { Namespace } from "../../cli/demo/lab.ts";

/**
 * Returns how many ICMPv6 errors of type 1 (destination unreachable) a namespace has received.
 *
 * Some kernels (6.18 among them) count such an error but do not find the TCP socket that is connecting: the
 * client learns of the rejection too late. The packet is right all the same.
 */
export async function unreachables(namespace: Namespace): Promise<number> {
  const counters = await namespace.output("cat", ["/proc/net/snmp6"]);
  return Number(/^Icmp6InDestUnreachs\s+(\d+)/m.exec(counters)?.[1] ?? 0);
}
