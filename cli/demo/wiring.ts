import { familyOf } from "../../model/family.ts";

/** A guest of the node: a pod, or a client outside, joined to it by a point-to-point veth. */
export interface GuestSpec {
  /** Also the name with which its servers answer. */
  readonly name: string;
  readonly addresses: readonly string[];
  /** The node's end of the veth (at most 15 characters); `name` when absent. */
  readonly interface?: string;
}

/** The longest name that a network interface can have (`IFNAMSIZ - 1`). */
const INTERFACE_NAME_LENGTH = 15;

/**
 * Kernel settings of every namespace, as pairs of a path below /proc/sys and a value.
 *
 * Reverse path filters would drop what service proxies do on purpose; redirects would tell a pod to talk to itself
 * without its node; and ICMP errors are unlimited, because a reject is an answer that tests count.
 */
const SETTINGS: readonly (readonly [path: string, value: string])[] = [
  ["net/ipv4/conf/all/rp_filter", "0"],
  ["net/ipv4/conf/default/rp_filter", "0"],
  ["net/ipv4/conf/all/send_redirects", "0"],
  ["net/ipv4/conf/default/send_redirects", "0"],
  ["net/ipv4/icmp_ratelimit", "0"],
  ["net/ipv4/icmp_msgs_per_sec", "1000000"],
  ["net/ipv4/icmp_msgs_burst", "1000000"],
  ["net/ipv6/conf/all/disable_ipv6", "0"],
  ["net/ipv6/conf/default/disable_ipv6", "0"],
  ["net/ipv6/conf/default/accept_dad", "0"],
  ["net/ipv6/icmp/ratelimit", "0"],
];

/** What makes a router of the node. */
const FORWARDING: readonly (readonly [path: string, value: string])[] = [
  ["net/ipv4/ip_forward", "1"],
  ["net/ipv6/conf/all/forwarding", "1"],
];

/**
 * The shell script of a namespace's holder. Its arguments are settings; then it says that it is ready and lives, and the
 * namespace with it, for as long as its standard input stays open: it ends with the process that made it, however
 * that one ends.
 */
const HOLDER_SCRIPT = `set -e
while [ $# -gt 1 ]; do
  [ ! -e "/proc/sys/$1" ] || echo "$2" > "/proc/sys/$1"
  shift 2
done
ip link set lo up
echo ready
exec cat`;

/** Returns the command that holds a namespace, to be run inside it. */
export function holderCommand(role: "node" | "guest"): string[] {
  const settings = role === "node" ? [...SETTINGS, ...FORWARDING] : SETTINGS;
  return ["sh", "-c", HOLDER_SCRIPT, "holder", ...settings.flat()];
}

/**
 * Returns the `ip -batch` lines that give the node an uplink and a default route to it, so that service addresses can be
 * routed. Nothing is at its other end: without ARP the frames carry a MAC address that nobody has, and the kernel
 * drops them before any hook, as packets to nowhere should be.
 */
export function uplinkBatch(addresses: readonly string[]): string {
  return batch([
    "link add uplink arp off type veth peer name nowhere",
    "link set nowhere addrgenmode none up",
    "link set uplink addrgenmode none up",
    ...addresses.flatMap((address) => [
      ...addAddress("uplink", address),
      `route add ${everywhere(address)} dev uplink src ${address}`,
    ]),
  ]);
}

/**
 * Returns the `ip -batch` lines, for the node, that join a guest: a veth pair whose other end moves into the guest's
 * namespace, and a route for each of its addresses. The veth carries the node's own addresses, so masquerading and the
 * node's own connections show the node's address to the guest.
 */
export function joinBatch(guest: GuestSpec, pid: number, nodeAddresses: readonly string[]): string {
  const name = interfaceOf(guest);
  return batch([
    `link add name ${name} type veth peer name eth0 netns ${pid}`,
    `link set dev ${name} up`,
    ...nodeAddresses.flatMap((address) => addAddress(name, address)),
    ...guest.addresses.map((address) => `route add ${address} dev ${name}`),
  ]);
}

/** Returns the `ip -batch` lines, for the guest, that give it its addresses and the node as its gateway. */
export function guestBatch(guest: GuestSpec, nodeAddresses: readonly string[]): string {
  const families = new Set(guest.addresses.map(familyOf));
  const gateways = new Map(nodeAddresses.toReversed().map((a) => [familyOf(a), a]));
  return batch([
    "link set dev eth0 up",
    ...guest.addresses.flatMap((address) => addAddress("eth0", address)),
    ...[...gateways].filter(([family]) => families.has(family)).flatMap(([, gateway]) => [
      `route add ${gateway} dev eth0`,
      `route add ${everywhere(gateway)} via ${gateway} dev eth0`,
    ]),
  ]);
}

/** Returns the name of the node's end of a guest's veth. Throws `RangeError` when it is too long for the kernel. */
export function interfaceOf(guest: GuestSpec): string {
  const name = guest.interface ?? guest.name;
  if (name.length > INTERFACE_NAME_LENGTH) {
    throw new RangeError(
      `Cannot name an interface "${name}": the kernel takes at most ${INTERFACE_NAME_LENGTH} characters`,
    );
  }
  return name;
}

/** Without duplicate address detection an IPv6 address works at once. */
function addAddress(device: string, address: string): string[] {
  return familyOf(address) === "IPv6"
    ? [`address add ${address}/128 dev ${device} nodad`]
    : [`address add ${address}/32 dev ${device}`];
}

/** The default route's destination, spelled so that it says its family. */
function everywhere(address: string): string {
  return familyOf(address) === "IPv6" ? "::/0" : "0.0.0.0/0";
}

function batch(lines: readonly string[]): string {
  return lines.map((line) => `${line}\n`).join("");
}
