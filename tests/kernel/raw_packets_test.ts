import assert from "node:assert/strict";
import type { Namespace } from "../../cli/demo/lab.ts";
import { FAMILIES, type Family } from "../../model/family.ts";
import type { ClusterObject, EndpointObject } from "../../model/objects.ts";
import { ADDRESSES, ClusterLab, type Member, TARGET_PORT } from "../support/cluster_lab.ts";
import { kernelTest } from "../support/kernel.ts";
import { endpoint, service, slice } from "../support/objects.ts";
import { addBystander, addressOf, clusterIP, type Place, VIPS } from "./_places.ts";

const HERE = { nodeName: "node-a" };

/** A packet of a protocol for which there is no ordinary client. */
interface RawRow {
  readonly name: string;
  readonly from?: Member;
  readonly packet: "echo" | "sctp";
  readonly to: Place;
  readonly port?: number;
  /** For SCTP, with the endpoint and the source that the node's tracked flow has. */
  readonly want: "answered" | "refused" | "timeout" | `pod-a from ${"own" | "node"}`;
}

/** Services for raw packets, with the cluster IP that ends in their number. */
function rawCluster(family: Family): readonly ClusterObject[] {
  const index = family === "IPv4" ? 0 : 1;
  const { external, loadBalancer, held } = VIPS[family];
  const here = endpoint(ADDRESSES["pod-a"][index], HERE);
  const there = endpoint(ADDRESSES.remote[index]);
  const sctp = { name: "", protocol: "SCTP", port: 90 } as const;
  const offer = (number: number, changes: Parameters<typeof service>[1]) =>
    service(`r${number}-${index}`, { clusterIP: clusterIP(family, number), ...changes });
  const back = (number: number, endpoints: readonly EndpointObject[]) =>
    slice(`r${number}-${index}`, endpoints, { ports: [{ ...sctp, port: TARGET_PORT }] });
  return [
    offer(1, {
      type: "LoadBalancer",
      externalIPs: [external],
      ingress: [{ ip: loadBalancer, ipMode: "VIP" }],
      ports: [{ ...sctp, nodePort: 30090 }],
    }),
    back(1, [here]),
    offer(2, { type: "NodePort", ports: [{ ...sctp, nodePort: 30092 }], externalIPs: [held] }),
    offer(3, {
      ports: [{ ...sctp, nodePort: 30093 }],
      type: "LoadBalancer",
      ingress: [{ ip: `${loadBalancer}3`, ipMode: "VIP" }],
      loadBalancerSourceRanges: [`${ADDRESSES.remote[index]}/${family === "IPv4" ? 32 : 128}`],
      internalTrafficPolicy: "Local",
      externalTrafficPolicy: "Local",
    }),
    back(3, [there]),
    offer(4, { ports: [{}] }),
    slice(`r4-${index}`, [here]),
  ];
}

const RAW_ROWS: readonly RawRow[] = [
  ...(["pod-b", "node", "client"] as const).flatMap((from): RawRow[] => [
    { name: "ping to a cluster IP", from, packet: "echo", to: 1, want: "refused" },
    { name: "the same without endpoints", from, packet: "echo", to: 2, want: "refused" },
    { name: "ping to a cluster IP of nobody", from, packet: "echo", to: "free", want: "timeout" },
    { name: "ping to an external IP", from, packet: "echo", to: "held", want: "answered" },
    { name: "ping to the node", from, packet: "echo", to: "node", want: "answered" },
    { name: "ping to an endpoint", from, packet: "echo", to: "pod-a", want: "answered" },
    {
      name: "SCTP to a cluster IP",
      from,
      packet: "sctp",
      to: 1,
      want: `pod-a from ${from === "pod-b" ? "own" : "node"}`,
    },
    {
      name: "SCTP to an external IP",
      from,
      packet: "sctp",
      to: "external",
      want: "pod-a from node",
    },
    {
      name: "SCTP to a load balancer IP",
      from,
      packet: "sctp",
      to: "loadBalancer",
      want: "pod-a from node",
    },
    {
      name: "SCTP to a node port",
      from,
      packet: "sctp",
      to: "nodePort",
      port: 30090,
      want: "pod-a from node",
    },
    { name: "SCTP, no endpoints", from, packet: "sctp", to: 2, want: "refused" },
    {
      name: "SCTP, no endpoints behind an external IP that the node holds",
      from,
      packet: "sctp",
      to: "held",
      want: "refused",
    },
    {
      name: "SCTP, no endpoints behind a node port",
      from,
      packet: "sctp",
      to: "nodePort",
      port: 30092,
      want: "refused",
    },
    { name: "SCTP, endpoints elsewhere only", from, packet: "sctp", to: 3, want: "timeout" },
    {
      name: "SCTP to a port that the Service does not have",
      from,
      packet: "sctp",
      to: 1,
      port: 91,
      want: "refused",
    },
    {
      name: "SCTP to a Service of TCP",
      from,
      packet: "sctp",
      to: 4,
      port: 80,
      want: "refused",
    },
    { name: "SCTP to a cluster IP of nobody", from, packet: "sctp", to: "free", want: "timeout" },
  ]),
  {
    name: "SCTP, endpoints elsewhere only, behind a node port",
    from: "client",
    packet: "sctp",
    to: "nodePort",
    port: 30093,
    want: "timeout",
  },
  {
    name: "SCTP, a pod that gets itself",
    from: "pod-a",
    packet: "sctp",
    to: 1,
    want: "pod-a from node",
  },
];

kernelTest("ICMP and SCTP packets fare as the Services say, in both families", async () => {
  await using world = await ClusterLab.create();
  await addBystander(world);
  await world.program(FAMILIES.flatMap(rawCluster));
  const senders = [...new Set(RAW_ROWS.map(({ from }) => from))];
  const wrong = await Promise.all(
    FAMILIES.flatMap((family) =>
      senders.map(async (sender) => {
        const rows = RAW_ROWS.filter(({ from }) => from === sender);
        const outcomes = await sendRaw(world, family, rows);
        return rows.flatMap(({ name, want }, index) =>
          outcomes[index] === want
            ? []
            : [`${family}: ${name}: ${sender} wants ${want}, gets ${outcomes[index]}`]
        );
      })
    ),
  );
  assert.deepEqual(wrong.flat(), []);
});

/** Sends the packets of rows that have one sender, one after the other. */
async function sendRaw(
  { members }: ClusterLab,
  family: Family,
  rows: readonly RawRow[],
): Promise<readonly string[]> {
  const sender = members[rows[0]?.from ?? "client"];
  const path = new URL("../oracle/raw_packet.ts", import.meta.url).href;
  const flags = ["--no-prompt", "--no-config", "--no-lock", "--no-check", "--allow-ffi"];
  const args = rows.flatMap((
    { packet, to, port = 90 },
  ) => [packet, addressOf(family, to), `${port}`]);
  const printed = await sender.output(Deno.execPath(), ["run", ...flags, path, ...args]);
  const tracked = await members.node.output("conntrack", ["-L", "-f", family.toLowerCase()]);
  return printed.split("\n").map((outcome, index) => {
    const { packet, to, port = 90 } = rows[index]!;
    // A pod whose kernel does not know SCTP says so, and that is an answer too.
    if (packet === "echo" || !["answered", "no such protocol"].includes(outcome)) return outcome;
    return endOf(tracked, sender, addressOf(family, to), port);
  });
}

/** Says where the node's tracked SCTP flow of a sender ends, and as whom the sender appears there. */
function endOf(tracked: string, sender: Namespace, address: string, port: number): string {
  const line = tracked.split("\n").find((one) =>
    one.startsWith("sctp") && one.includes(` dst=${address} `) && one.includes(` dport=${port} `) &&
    sender.addresses.some((own) => one.includes(` src=${own} `))
  );
  const [, endpoint = "", seen = ""] = / src=\S+ .* src=(\S+) dst=(\S+) /.exec(line ?? "") ?? [];
  const name = Object.entries(ADDRESSES).find(([, all]) => all.includes(endpoint))?.[0];
  const isOwn = sender.name !== "node" && sender.addresses.includes(seen);
  return `${name} from ${isOwn ? "own" : "node"}`;
}
