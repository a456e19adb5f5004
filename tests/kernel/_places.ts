import { FAMILIES, type Family } from "../../model/family.ts";
import { ADDRESSES, type ClusterLab, type Member } from "../support/cluster_lab.ts";

/**
 * Addresses of Services in each family, and a `free` one among those that Services may have. Those that are `held` are
 * also the node's own, on loopback, once {@linkcode addBystander} was called.
 */
export const VIPS = {
  IPv4: {
    cluster: "10.96.0",
    external: "198.51.100.1",
    loadBalancer: "198.51.100.2",
    free: "10.96.9.9",
    held: "203.0.113.1",
    heldByProxy: "203.0.113.2",
    heldExternal: "203.0.113.3",
  },
  IPv6: {
    cluster: "fd00:96::",
    external: "2001:db8:1::1",
    loadBalancer: "2001:db8:1::2",
    free: "fd00:96::99",
    held: "2001:db8:3::1",
    heldByProxy: "2001:db8:3::2",
    heldExternal: "2001:db8:3::3",
  },
} as const;

/** A Service by the end of its cluster IP, a word for another address, or somebody's own address. */
export type Place =
  | number
  | keyof Omit<typeof VIPS.IPv4, "cluster">
  | "nodePort"
  | "loopback"
  | Member;

/** Returns the cluster IP that ends in `number`. */
export function clusterIP(family: Family, number: number): string {
  return family === "IPv4" ? `${VIPS.IPv4.cluster}.${number}` : `${VIPS.IPv6.cluster}${number}`;
}

/** Returns the address of a place. */
export function addressOf(family: Family, to: Place): string {
  if (typeof to === "number") return clusterIP(family, to);
  if (to === "nodePort") return ADDRESSES.node[family === "IPv4" ? 0 : 1];
  if (to === "loopback") return family === "IPv4" ? "127.0.0.1" : "::1";
  return isMember(to) ? ADDRESSES[to][family === "IPv4" ? 0 : 1] : VIPS[family][to];
}

function isMember(to: string): to is Member {
  return to in ADDRESSES;
}

/** Who answers on addresses and ports of the node that no Service has, and at the end of `free` addresses. */
export const BYSTANDER = "bystander";

/** Ports of the node's own addresses on which the bystander listens: beside, and behind, those of Services. */
const BESIDE = [
  { port: 30053, protocol: "TCP" },
  { port: 30080, protocol: "UDP" },
  { port: 30083, protocol: "TCP" },
  { port: 30085, protocol: "UDP" },
] as const;

/** The same for the addresses that the node holds, and for loopback. */
const BESIDE_HELD = [{ port: 80 }, { port: 81 }, { port: 30080 }, { port: 30088 }] as const;

/** Gives the node the held addresses, and the bystander the free ones, and lets the bystander listen. */
export async function addBystander({ lab, members }: ClusterLab): Promise<void> {
  const held = FAMILIES.flatMap((family) => {
    const { held, heldByProxy, heldExternal } = VIPS[family];
    return [held, heldByProxy, heldExternal];
  });
  const lines = held.map((address) =>
    address.includes(":")
      ? `address add ${address}/128 dev lo nodad\n`
      : `address add ${address}/32 dev lo\n`
  );
  await lab.node.output("ip", ["-batch", "-"], { stdin: lines });
  const name = BYSTANDER;
  const free = FAMILIES.map((family) => VIPS[family].free);
  const stranger = await lab.addClient({ name, addresses: free });
  await stranger.serve(80);
  await Promise.all([
    ...BESIDE.map(({ port, protocol }) => members.node.serve(port, { protocol, name })),
    ...BESIDE_HELD.map(({ port }) =>
      members.node.serve(port, { name, addresses: [...held, "127.0.0.1", "::1"] })
    ),
  ]);
}
