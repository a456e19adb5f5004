import { Namespace } from "../cli/demo/namespace.ts";
import { guestBatch, holderCommand, joinBatch, uplinkBatch } from "../cli/demo/wiring.ts";
import { CLIENT_ADDRESS, ENDPOINT_CIDRS, NODE_ADDRESS, PODS, TARGET_PORT } from "./objects.ts";

/** A node with a pod that connects and one that answers for all endpoints. */
export interface Stage extends AsyncDisposable {
  /** The network namespace of this process. */
  readonly node: Namespace;
  readonly client: Namespace;
  readonly server: Namespace;
}

/**
 * Makes a node of the network namespace that this process runs in, and joins two pods to it.
 *
 * The lab of the demo keeps its node in a namespace of its own; here the API server and its clients have to be in it.
 */
export async function createStage(): Promise<Stage> {
  const node = new Namespace({
    name: "node",
    addresses: [NODE_ADDRESS],
    holder: await hold(holderCommand("node")),
    enter: [],
  });
  await node.output("ip", ["-batch", "-"], { stdin: [uplinkBatch(node.addresses)] });
  const client = await addPod(node, "client", [CLIENT_ADDRESS]);
  const server = await addPod(node, "server", PODS);
  for (const cidr of ENDPOINT_CIDRS) {
    await node.output("ip", ["route", "add", cidr, "dev", "server"]);
    await server.output("ip", ["route", "add", "local", cidr, "dev", "lo"]);
  }
  await server.serve(TARGET_PORT, { addresses: ["0.0.0.0"] });
  return {
    node,
    client,
    server,
    async [Symbol.asyncDispose]() {
      await Promise.all([client.close(), server.close()]);
      await node.close();
    },
  };
}

async function addPod(
  node: Namespace,
  name: string,
  addresses: readonly string[],
): Promise<Namespace> {
  const holder = await hold(["unshare", "--net", "--", ...holderCommand("guest")]);
  const enter = ["nsenter", `--target=${holder.pid}`, "--net", "--"];
  const pod = new Namespace({ name, addresses, holder, enter });
  const spec = { name, addresses };
  await node.output("ip", ["-batch", "-"], { stdin: [joinBatch(spec, pod.pid, node.addresses)] });
  await pod.output("ip", ["-batch", "-"], { stdin: [guestBatch(spec, node.addresses)] });
  return pod;
}

/** Starts a holder and waits until its namespace is ready. */
async function hold([program = "", ...args]: readonly string[]): Promise<Deno.ChildProcess> {
  const streams = { stdin: "piped", stdout: "piped", stderr: "inherit" } as const;
  const holder = new Deno.Command(program, { args, ...streams }).spawn();
  const reader = holder.stdout.getReader();
  const { done } = await reader.read();
  void reader.cancel();
  if (done) throw new Error(`Cannot make a namespace: "${program}" has ended`);
  return holder;
}
