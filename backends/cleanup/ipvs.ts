import { FAMILIES, type Family, familyOf } from "../../model/family.ts";
import { ipSets } from "./kube_proxy_names.ts";

/** The interface of kube-proxy's ipvs mode. */
export interface IpvsLink {
  /** What kind of interface it is: "dummy" when it is kube-proxy's. */
  readonly kind: string;
  readonly addresses: ReadonlySet<string>;
}

/** A node port of kube-proxy's ipvs mode. */
export interface NodePort {
  readonly family: Family;
  readonly protocol: "tcp" | "udp" | "sctp";
  readonly port: number;
}

/** The flags with which `ipvsadm` names a virtual server's protocol. */
const PROTOCOL_FLAGS = { "-t": "tcp", "-u": "udp", "--sctp-service": "sctp" } as const;

/** Reads the output of `ip -json -details address show dev …`; undefined when it has no interface. */
export function parseLink(json: string): IpvsLink | undefined {
  const [link] = JSON.parse(json) as readonly {
    linkinfo?: { info_kind?: string };
    addr_info?: readonly { local?: string }[];
  }[];
  if (link === undefined) return undefined;
  const addresses = (link.addr_info ?? []).flatMap(({ local }) => local ?? []);
  return { kind: link.linkinfo?.info_kind ?? "", addresses: new Set(addresses) };
}

/** Picks kube-proxy's IP sets from the output of `ipset list -name`. */
export function ownIpSets(listing: string): readonly string[] {
  const own = new Set(FAMILIES.flatMap(ipSets));
  return listing.split("\n").filter((name) => own.has(name));
}

/**
 * Reads the node ports from the output of `ipset save NAME`, whose members are `30080` in a set of TCP or UDP ports, and
 * `192.0.2.10,sctp:30090` in one for SCTP.
 */
export function parseNodePorts(save: string): readonly NodePort[] {
  return [...save.matchAll(/^add (\S+) (?:\S+:)?(\d+)/gm)].map(([, name = "", port]) => ({
    family: name.startsWith("KUBE-6-") ? "IPv6" : "IPv4",
    protocol: name.includes("SCTP") ? "sctp" : name.includes("UDP") ? "udp" : "tcp",
    port: Number(port),
  }));
}

/**
 * Plans the removal of kube-proxy's virtual servers, from the output of `ipvsadm --save --numeric`, as input of
 * `ipvsadm --restore`.
 *
 * They are those on an address of kube-proxy's own interface, and those on one of its node ports. The reference removes
 * all virtual servers there are, also those of others.
 */
export function planVirtualServers(
  save: string,
  addresses: ReadonlySet<string>,
  nodePorts: readonly NodePort[],
): readonly string[] {
  const ports = new Set(nodePorts.map(portKey));
  const servers = [...save.matchAll(/^-A (-t|-u|--sctp-service) (\S+):(\d+)(?= |$)/gm)];
  return servers.flatMap(([, flag = "", host = "", port = ""]) => {
    const address = host.replace(/^\[(.*)\]$/, "$1");
    const protocol = PROTOCOL_FLAGS[flag as keyof typeof PROTOCOL_FLAGS];
    const key = portKey({ family: familyOf(address), protocol, port: Number(port) });
    return addresses.has(address) || ports.has(key) ? `-D ${flag} ${host}:${port}\n` : [];
  });
}

function portKey({ family, protocol, port }: NodePort): string {
  return `${family} ${protocol} ${port}`;
}
