import { Lab, type Namespace } from "./lab.ts";

/** The pods that answer, by name. */
export const PODS = {
  "pod-1": ["10.244.1.5", "fd00:244::1:5"],
  "pod-2": ["10.244.2.6", "fd00:244::2:6"],
  "pod-3": ["10.244.3.7", "fd00:244::3:7"],
} as const;

/** The demo's node, the first two pods, a pod that asks, and a client outside. */
export interface Stage extends AsyncDisposable {
  readonly lab: Lab;
  readonly node: Namespace;
  readonly podTwo: Namespace;
  /** The pod from which connections are made. */
  readonly asker: Namespace;
  readonly client: Namespace;
}

/** Makes the networks and starts the servers in the pods. */
export async function setStage(): Promise<Stage> {
  const lab = await Lab.create({ name: "demo-node" });
  try {
    const [asker, client, , podTwo] = await Promise.all([
      lab.addPod({ name: "asker", addresses: ["10.244.9.9", "fd00:244::9:9"] }),
      lab.addClient({ name: "client", addresses: ["192.0.2.100", "2001:db8::100"] }),
      addServingPod(lab, "pod-1"),
      addServingPod(lab, "pod-2"),
    ]);
    const dispose = () => lab.close();
    return { lab, node: lab.node, asker, client, podTwo, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await lab.close();
    throw error;
  }
}

/** Adds a pod whose servers answer on the ports that `examples/` name. */
export async function addServingPod(lab: Lab, name: keyof typeof PODS): Promise<Namespace> {
  const pod = await lab.addPod({ name, addresses: PODS[name] });
  await Promise.all([
    pod.serve(8080),
    pod.serve(5353, { protocol: "UDP" }),
    pod.serve(5353, { protocol: "TCP" }),
  ]);
  return pod;
}
