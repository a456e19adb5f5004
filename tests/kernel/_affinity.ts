import { affinityMap, affinityPortMap, hasPortMaps } from "../../backends/nftables/affinity.ts";
import type { List } from "../../backends/nftables/names.ts";
import type { Outcome } from "../../cli/demo/lab.ts";
import { FAMILIES, type Family } from "../../model/family.ts";
import type { ClusterObject, ServiceObject } from "../../model/objects.ts";
import { ADDRESSES, type ClusterLab, type Member } from "../support/cluster_lab.ts";
import { endpoint, service, slice } from "../support/objects.ts";

/** The cluster IPs of {@linkcode sticky}. */
export const VIP = { IPv4: "10.96.0.10", IPv6: "fd00:96::10" } as const;
/** The external IPs of {@linkcode sticky}. */
export const EXTERNAL = { IPv4: "198.51.100.1", IPv6: "2001:db8:1::1" } as const;

/** Returns the address of a member in a family. */
export function address(member: Member, family: Family): string {
  return ADDRESSES[member][family === "IPv4" ? 0 : 1];
}

/** A Service with ClientIP affinity in both families, and endpoints for TCP and UDP. */
export function sticky(
  members: readonly Member[],
  changes: Partial<ServiceObject> = {},
): ClusterObject[] {
  return FAMILIES.flatMap((family) => {
    const name = `web-${family.toLowerCase()}`;
    return [
      service(
        name,
        {
          clusterIP: VIP[family],
          type: "NodePort",
          externalIPs: [EXTERNAL[family]],
          ports: [
            { name: "tcp", nodePort: 30080 },
            { name: "udp", protocol: "UDP", nodePort: 30080 },
          ],
          sessionAffinity: "ClientIP",
          ...changes,
        } as Parameters<typeof service>[1],
      ),
      slice(
        name,
        members.map((member) =>
          endpoint(address(member, family), { nodeName: member === "remote" ? "other" : "node-a" })
        ),
        {
          ports: [
            { name: "tcp", protocol: "TCP", port: 8080 },
            { name: "udp", protocol: "UDP", port: 8080 },
          ],
        },
      ),
    ];
  });
}

/** Returns the names of those who answered, each once, or what happened instead. */
export function servers(outcomes: readonly Outcome[]): string {
  const names = outcomes.map((one) => one.result === "answered" ? one.server : one.result);
  return [...new Set(names)].sort().join(" ");
}

/** Enough connections that random choices among three would not all be the same: the chance is 3^-11. */
export const CONNECTIONS = 12;

/** Those whom {@linkcode sticky} can lead to. */
export const ALL: readonly Member[] = ["pod-a", "remote", "node"];

/** The affinity map of the TCP port of the Service {@linkcode sticky}; and that of its ports, where there is one. */
export function mapsOf(family: Family, list: List = "cluster"): readonly string[] {
  const id = `default/web-${family.toLowerCase()}/tcp/tcp`;
  const map = affinityMap(id, list);
  return hasPortMaps(family) ? [map, affinityPortMap(id, list)] : [map];
}

/** Runs nft on the node, about something of weir's table. */
export async function nftOf(
  world: ClusterLab,
  family: Family,
  what: string,
  rest = "",
): Promise<string> {
  const [verb, kind, name] = what.split(" ");
  const table = `${family === "IPv4" ? "ip" : "ip6"} weir`;
  const command = `${verb} ${kind} ${table} ${name} ${rest}`.trim();
  return await world.lab.node.output("nft", ["--numeric", ...command.split(" ")]);
}

/** Writes the element by which a map remembers a client; `terms` may say how long. */
export function elementOf(family: Family, map: string, client: string, terms = ""): string {
  const endpoint = address("pod-a", family);
  const value = !hasPortMaps(family)
    ? `${endpoint} . 8080`
    : map.includes("-port-")
    ? "8080"
    : endpoint;
  return `{ ${client} ${terms} : ${value} }`;
}
