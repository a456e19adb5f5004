import assert from "node:assert/strict";
import type { Namespace, Outcome } from "../../cli/demo/lab.ts";
import { FAMILIES } from "../../model/family.ts";
import { ADDRESSES, ClusterLab, TARGET_PORT } from "../support/cluster_lab.ts";
import { kernelTest } from "../support/kernel.ts";
import { WeirProcess } from "../support/weir_process.ts";

/** weir as its users run it, on the lab's node, with a folder of manifests that changes while packets go. */
class Stage implements AsyncDisposable {
  readonly #folder: string;
  readonly world: ClusterLab;
  readonly weir: WeirProcess;
  #markers = 0;

  private constructor(folder: string, world: ClusterLab, weir: WeirProcess) {
    this.#folder = folder;
    this.world = world;
    this.weir = weir;
  }

  static async create(): Promise<Stage> {
    const world = await ClusterLab.create();
    const folder = await Deno.makeTempDir({ prefix: "weir-live-" });
    const weir = new WeirProcess([
      `--manifests=${folder}`,
      "--proxy-mode=nftables",
      "--hostname-override=node-a",
      "--cluster-cidr=10.244.0.0/16,fd00:244::/64",
      "--nodeport-addresses=192.0.2.0/24,203.0.113.0/24,2001:db8::/64,2001:db8:3::/64",
      "--iptables-min-sync-period=0s",
      "-v=2",
    ], world.lab.node);
    const stage = new Stage(folder, world, weir);
    try {
      for (const family of FAMILIES) await weir.logged(`Synced family=${family}`);
      return stage;
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Writes one manifest, or takes it away. */
  async write(name: string, object: object | undefined): Promise<void> {
    const path = `${this.#folder}/${name}.json`;
    if (object === undefined) return await Deno.remove(path);
    await Deno.writeTextFile(`${path}.new`, JSON.stringify(object));
    await Deno.rename(`${path}.new`, path);
  }

  /** Resolves when connections to all of `targets` end as wanted. Rejects with what they do after 10 s. */
  async see(
    from: Namespace,
    targets: readonly (readonly [address: string, port: number])[],
    want: string,
  ): Promise<void> {
    const end = performance.now() + 10_000;
    for (;;) {
      const got = await Promise.all(
        targets.map(async ([address, port]) =>
          summary(
            await from.connectMany(address, port, 16, { parallel: 16, timeoutMs: 300 }),
          )
        ),
      );
      if (got.every((one) => one === want)) return;
      if (performance.now() > end) {
        assert.fail(`want "${want}", got "${got.join('", "')}":\n${this.weir.log}`);
      }
    }
  }

  /** Resolves when all that was written before is in force: a Service that came after it is. */
  async settle(): Promise<void> {
    const name = `marker-${++this.#markers}`;
    const clusterIP = `10.96.8.${this.#markers}`;
    await this.write(name, serviceObject(name, { clusterIP }));
    await this.write(`${name}-slice`, sliceObject(name, name, [POD_A]));
    await this.see(this.world.members["pod-b"], [[clusterIP, 80]], "pod-a");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.weir[Symbol.asyncDispose]();
    await this.world[Symbol.asyncDispose]();
    await Deno.remove(this.#folder, { recursive: true });
  }
}

/** The servers that answered, or what came instead; who hears nothing of a rejection is not told from others here. */
function summary(outcomes: readonly Outcome[]): string {
  const seen = outcomes.map((one) => one.result === "answered" ? one.server : "nobody");
  return [...new Set(seen)].sort().join(" ");
}

function serviceObject(name: string, spec: object, creationTimestamp = "2026-01-01T00:00:00Z") {
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "default", creationTimestamp },
    spec: { ports: [{ port: 80 }], ...spec },
  };
}

/** A slice of a Service: addresses, or endpoints as the API has them. */
function sliceObject(name: string, service: string, endpoints: readonly (string | object)[]) {
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: {
      name,
      namespace: "default",
      labels: { "kubernetes.io/service-name": service },
    },
    addressType: JSON.stringify(endpoints).includes("::") ? "IPv6" : "IPv4",
    ports: [{ port: TARGET_PORT }],
    endpoints: endpoints.map((one) => typeof one === "string" ? { addresses: [one] } : one),
  };
}

const POD_A = ADDRESSES["pod-a"][0];
const POD_B = ADDRESSES["pod-b"][0];
const REMOTE = ADDRESSES.remote[0];

kernelTest("A ServiceCIDR that comes or goes counts at once", async () => {
  await using stage = await Stage.create();
  const { lab, members } = stage.world;
  const addresses = ["10.97.0.9", "fd00:97::9"];
  const stranger = await lab.addClient({ name: "stranger", addresses });
  await stranger.serve(TARGET_PORT);
  const targets = addresses.map((address) => [address, TARGET_PORT] as const);
  const cidrs = (name: string) => ({
    apiVersion: "networking.k8s.io/v1",
    kind: "ServiceCIDR",
    metadata: { name },
    spec: { cidrs: ["10.97.0.0/16", "fd00:97::/108"] },
  });
  await stage.see(members["pod-b"], targets, "stranger");
  await stage.write("first", cidrs("first"));
  await stage.see(members["pod-b"], targets, "nobody");
  await stage.see(members.node, targets, "nobody");
  await stage.write("second", cidrs("second"));
  await stage.write("first", undefined);
  await stage.settle();
  await stage.see(members["pod-b"], targets, "nobody");
  await stage.write("second", undefined);
  await stage.see(members["pod-b"], targets, "stranger");
});

kernelTest("An address that the node gets or loses counts at once for node ports", async () => {
  await using stage = await Stage.create();
  const { members: { node, client } } = stage.world;
  const targets = [["203.0.113.7", 30080], ["2001:db8:3::7", 30080]] as const;
  for (const [index, clusterIP] of ["10.96.0.10", "fd00:96::10"].entries()) {
    const ports = [{ port: 80, nodePort: 30080 }];
    await stage.write(`web-${index}`, serviceObject(`web-${index}`, { clusterIP, ports }));
    const endpoints = [ADDRESSES["pod-a"][index]!];
    await stage.write(`slice-${index}`, sliceObject(`web-${index}-a`, `web-${index}`, endpoints));
  }
  await stage.see(client, [[ADDRESSES.node[0], 30080], [ADDRESSES.node[1], 30080]], "pod-a");
  await stage.see(client, targets, "nobody");
  for (const verb of ["add", "delete"]) {
    for (const [address] of targets) {
      const length = address.includes(":") ? 128 : 32;
      await node.output("ip", ["address", verb, `${address}/${length}`, "dev", "lo"]);
    }
    await stage.see(client, targets, verb === "add" ? "pod-a" : "nobody");
  }
});

kernelTest("A slice belongs to the Service that its label names, and to no other", async () => {
  await using stage = await Stage.create();
  const { members } = stage.world;
  const [first, second] = [[["10.96.0.11", 80]], [["10.96.0.12", 80]]] as const;
  await stage.write("first", serviceObject("first", { clusterIP: "10.96.0.11" }));
  await stage.write("second", serviceObject("second", { clusterIP: "10.96.0.12" }));
  await stage.write("slice", sliceObject("moving", "first", [POD_A]));
  await stage.see(members["pod-b"], first, "pod-a");
  await stage.see(members["pod-b"], second, "nobody");
  await stage.write("slice", sliceObject("moving", "second", [POD_A]));
  await stage.see(members["pod-b"], second, "pod-a");
  await stage.see(members["pod-b"], first, "nobody");
});

kernelTest("An endpoint that two slices list is ready if one of them says so, always", async () => {
  await using stage = await Stage.create();
  const { members } = stage.world;
  const target = [["10.96.0.11", 80]] as const;
  const draining = {
    addresses: [POD_A],
    conditions: { ready: false, serving: true, terminating: true },
  };
  await stage.write("web", serviceObject("web", { clusterIP: "10.96.0.11" }));
  await stage.write("one", sliceObject("one", "web", [draining, REMOTE]));
  await stage.see(members["pod-b"], target, "remote");
  await stage.write("two", sliceObject("two", "web", [POD_A]));
  await stage.see(members["pod-b"], target, "pod-a remote");
  await stage.write("one", sliceObject("one", "web", [REMOTE, draining]));
  await stage.settle();
  await stage.see(members["pod-b"], target, "pod-a remote");
  await stage.write("two", undefined);
  await stage.see(members["pod-b"], target, "remote");
});

kernelTest(
  "Of Services that claim one address or node port the oldest has it, until it goes",
  async () => {
    await using stage = await Stage.create();
    const { members: { client } } = stage.world;
    const targets = [["198.51.100.1", 80], [ADDRESSES.node[0], 30080]] as const;
    const contested = (name: string, end: number, year: number) =>
      serviceObject(name, {
        clusterIP: `10.96.0.${end}`,
        type: "NodePort",
        externalIPs: ["198.51.100.1"],
        ports: [{ port: 80, nodePort: 30080 }],
      }, `${year}-01-01T00:00:00Z`);
    await stage.write("young", contested("a-young", 11, 2026));
    await stage.write("young-slice", sliceObject("a-young-a", "a-young", [POD_A]));
    await stage.see(client, targets, "pod-a");
    await stage.write("old", contested("z-old", 12, 2024));
    await stage.write("old-slice", sliceObject("z-old-a", "z-old", [POD_B]));
    await stage.see(client, targets, "pod-b");
    await stage.see(client, [["10.96.0.11", 80]], "pod-a");
    const lost = (what: string) =>
      `"${what}" is claimed by more than one Service: "default/z-old" is the oldest and has it, ` +
      'not "default/a-young"';
    await stage.weir.logged(lost("198.51.100.1 TCP 80"));
    await stage.weir.logged(lost("* TCP 30080"));
    await stage.write("old", undefined);
    await stage.see(client, targets, "pod-a");
  },
);

kernelTest(
  "Hints count by the zone that the Node names, and who asks is told why they do not",
  async () => {
    await using stage = await Stage.create();
    const { members } = stage.world;
    const target = [["10.96.0.11", 80]] as const;
    const hinted = (address: string, name: string) => ({
      addresses: [address],
      hints: { forZones: [{ name }] },
    });
    const node = (zone: string) => ({
      apiVersion: "v1",
      kind: "Node",
      metadata: { name: "node-a", labels: { "topology.kubernetes.io/zone": zone } },
      status: { addresses: ADDRESSES.node.map((address) => ({ type: "InternalIP", address })) },
    });
    await stage.write("web", serviceObject("web", { clusterIP: "10.96.0.11" }));
    const endpoints = [hinted(POD_A, "zone-a"), hinted(REMOTE, "zone-b")];
    await stage.write("slice", sliceObject("web-a", "web", endpoints));
    await stage.see(members["pod-b"], target, "pod-a remote");
    await stage.weir.logged("Ignored hints for zones: this node has no zone port=default/web");
    await stage.write("node", node("zone-a"));
    await stage.see(members["pod-b"], target, "pod-a");
    await stage.write("node", node("zone-b"));
    await stage.see(members["pod-b"], target, "remote");
    await stage.write("node", node("zone-c"));
    await stage.see(members["pod-b"], target, "pod-a remote");
  },
);
