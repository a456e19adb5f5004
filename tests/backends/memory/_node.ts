import { fullScript } from "../../../backends/nftables/full_script.ts";
import type { Evaluation, Packet } from "../../../backends/memory/evaluate.ts";
import { MemoryNft } from "../../../backends/memory/memory_nft.ts";
import type { DesiredState } from "../../../model/desired_state.ts";
import type { Family } from "../../../model/family.ts";
import type { Origin } from "../../../model/policy.ts";
import { FakeClock } from "../../support/fake_clock.ts";

/** Addresses of the node and of those who send, for each family. */
export const PLACES = {
  IPv4: {
    node: "192.0.2.10",
    secondary: "192.0.2.11",
    loopback: "127.0.0.1",
    pod: "10.244.1.9",
    outside: "203.0.113.9",
  },
  IPv6: {
    node: "2001:db8::10",
    secondary: "2001:db8::11",
    loopback: "::1",
    pod: "fd00:244::1:9",
    outside: "2001:db8:5::9",
  },
} as const;

/** Returns the addresses of the node. */
export function nodeOf(family: Family) {
  return { localAddresses: [PLACES[family].node, PLACES[family].secondary] };
}

/** Returns a new connection of a pod, the node or somebody outside. */
export function packetFrom(
  origin: Origin,
  to: Pick<Packet, "protocol" | "destination" | "port">,
  source?: string,
): Packet {
  const family: Family = to.destination.includes(":") ? "IPv6" : "IPv4";
  const { node, pod, outside } = PLACES[family];
  const own = { pod, host: node, outside }[origin];
  const ingress = { pod: "pod-b", host: undefined, outside: "eth0" }[origin];
  return { ...to, source: source ?? own, ingress };
}

/** Returns an nft that holds the rules of `state`. */
export async function programmed(state: DesiredState): Promise<MemoryNft> {
  const nft = new MemoryNft({ clock: new FakeClock() });
  await nft.apply(fullScript(state));
  return nft;
}

/** Says in a line what becomes of a packet, such as `10.244.1.5 masqueraded, 10.244.2.7`, or `drop`. */
export function summary({ verdict, paths }: Evaluation): string {
  if (verdict !== "translated") return verdict;
  const endpoints = paths.map(({ destination, masquerade }) =>
    destination + (masquerade ? " masqueraded" : "")
  );
  return endpoints.sort().join(", ");
}
