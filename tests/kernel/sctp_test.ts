import assert from "node:assert/strict";
import type { Namespace } from "../../cli/demo/lab.ts";
import { FAMILIES, type Family } from "../../model/family.ts";
import type { ClusterObject } from "../../model/objects.ts";
import { ADDRESSES, ClusterLab, type Member, TARGET_PORT } from "../support/cluster_lab.ts";
import { kernelTestWith, sctpCommand } from "../support/kernel_needs.ts";
import { endpoint, service, slice } from "../support/objects.ts";
import { addressOf, clusterIP, type Place } from "./_places.ts";

/** The Service's port, and its node port: an association is to one port, so that each row has one. */
const PORT = 90, NODE_PORT = 30090;

interface Row {
  readonly from: Member;
  readonly to: Place;
  readonly port: number;
  /** As whom the endpoint sees the sender. */
  readonly seen: Member;
}

const ROWS: readonly Row[] = [
  { from: "pod-b", to: 1, port: PORT, seen: "pod-b" },
  { from: "pod-a", to: 1, port: PORT, seen: "node" },
  { from: "client", to: 1, port: PORT, seen: "node" },
  { from: "client", to: "external", port: PORT, seen: "node" },
  { from: "client", to: "nodePort", port: NODE_PORT, seen: "node" },
];

function sctpCluster(family: Family): readonly ClusterObject[] {
  const name = `sctp-${family.toLowerCase()}`;
  const port = { name: "", protocol: "SCTP", port: PORT } as const;
  const pod = endpoint(ADDRESSES["pod-a"][indexOf(family)], { nodeName: "node-a" });
  return [
    service(name, {
      type: "NodePort",
      clusterIP: clusterIP(family, 1),
      externalIPs: [addressOf(family, "external")],
      ports: [{ ...port, nodePort: NODE_PORT }],
    }),
    slice(name, [pod], { ports: [{ ...port, port: TARGET_PORT }] }),
  ];
}

await kernelTestWith(
  ["SCTP sockets"],
  "SCTP associations reach a Service's endpoint and are answered, in both families",
  async () => {
    await using world = await ClusterLab.create();
    await world.program(FAMILIES.flatMap(sctpCluster));
    await serve(world.members["pod-a"]);
    for (const family of FAMILIES) {
      const index = indexOf(family);
      for (const { from, to, port, seen } of ROWS) {
        const source = ADDRESSES[from][index];
        const args = ["ask", `${port}`, source, addressOf(family, to)];
        const answer = await world.members[from].output(...sctpCommand(args));
        const want = `pod-a saw ${nodeOr(seen, family)}: 4000 bytes\n`;
        assert.equal(answer, want, `${family}: from ${from} to ${to}`);
      }
    }
  },
);

/** The address with which a member appears to an endpoint. */
function nodeOr(member: Member, family: Family): string {
  return ADDRESSES[member][indexOf(family)];
}

function indexOf(family: Family): 0 | 1 {
  return family === "IPv4" ? 0 : 1;
}

/** Starts a server in a pod, on all its addresses; it ends with the pod. */
async function serve(pod: Namespace): Promise<void> {
  const [program, args] = sctpCommand(["serve", pod.name, `${TARGET_PORT}`, ...pod.addresses]);
  const child = pod.spawn(program, args, { stdout: "piped" });
  let ready = "";
  for await (const text of child.stdout.pipeThrough(new TextDecoderStream())) {
    ready += text;
    if (ready === "ready\n".repeat(pod.addresses.length)) break;
  }
  assert.equal(ready, "ready\n".repeat(pod.addresses.length));
}
