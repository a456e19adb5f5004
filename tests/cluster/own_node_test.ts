import assert from "node:assert/strict";
import { runProcess } from "../../backends/process.ts";
import { configText } from "../config/config_text.ts";
import { type ApiServer, apiServerBinaries, startApiServer } from "../support/api_server.ts";
import { createNode, createService, createSlice, NODES } from "../support/cluster_objects.ts";
import { flushRules, IN_NAMESPACE, nft } from "../support/kernel.ts";
import { storedEvents } from "../support/stored_events.ts";
import { WeirProcess } from "../support/weir_process.ts";

const ignore = apiServerBinaries() === undefined || !IN_NAMESPACE;
const LEFT_OUT = ignore ? " (left out: KUBEBUILDER_ASSETS is not set)" : "";

const ZONE = "topology.kubernetes.io/zone";

/** Addresses of this machine for as long as the test runs. */
const ADDRESSES = ["192.0.2.10/32", "192.0.2.11/32", "2001:db8::10/128"];

async function ip(...args: readonly string[]): Promise<void> {
  const { code, stderr } = await runProcess("ip", args, { timeoutMs: 10_000 });
  assert.equal(code, 0, stderr);
}

/** Changes the own Node as `change` says. */
async function changeNode(
  server: ApiServer,
  change: (node: { metadata: Record<string, unknown>; spec: Record<string, unknown> }) => void,
): Promise<void> {
  const node = await server.request("GET", `${NODES}/node-1`) as {
    metadata: Record<string, unknown>;
    spec: Record<string, unknown>;
  };
  change(node);
  await server.request("PUT", `${NODES}/node-1`, node);
}

async function setAddresses(server: ApiServer, ...addresses: readonly string[]): Promise<void> {
  const node = await server.request("GET", `${NODES}/node-1`) as Record<string, unknown>;
  const status = { addresses: addresses.map((address) => ({ type: "InternalIP", address })) };
  await server.request("PUT", `${NODES}/node-1/status`, { ...node, status });
}

/** Creates a Service on node port 30080 with an endpoint in each of two zones. */
async function createObjects(server: ApiServer): Promise<void> {
  await createService(server, "web", {
    type: "NodePort",
    clusterIP: "10.96.0.10",
    ports: [{ port: 80, nodePort: 30080 }],
  });
  const endpoint = (address: string, zone: string) => ({
    addresses: [address],
    conditions: { ready: true },
    zone,
    hints: { forZones: [{ name: zone }] },
  });
  const endpoints = [endpoint("10.244.1.5", "zone-a"), endpoint("10.244.2.6", "zone-b")];
  await createSlice(server, "web", endpoints);
}

async function statusOf(path: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:10256${path}`);
  await response.body?.cancel();
  return response.status;
}

/** Starts weir for node `node-1` with the configuration in `file`. */
async function startWeir(server: ApiServer, file: string): Promise<WeirProcess> {
  await Deno.writeTextFile(
    file,
    configText(`mode: nftables
hostnameOverride: node-1
clientConnection: {kubeconfig: ${server.proxyKubeconfig}}
nftables: {minSyncPeriod: 0s}
conntrack: {maxPerCore: 0}`),
  );
  return new WeirProcess(["--config", file]);
}

Deno.test({
  name:
    `The Node is followed: it comes late, its addresses, zone and taints change, it goes and comes again${LEFT_OUT}`,
  ignore,
  async fn() {
    await flushRules();
    for (const address of ADDRESSES) await ip("address", "add", address, "dev", "lo");
    await using cleanup = new AsyncDisposableStack();
    cleanup.defer(async () => {
      for (const address of ADDRESSES) await ip("address", "del", address, "dev", "lo");
    });
    await using server = await startApiServer();
    await createObjects(server);
    await using weir = await startWeir(server, `${server.dir}/config.yaml`);
    const nodePorts = /set nodeport-ips \{[^}]*elements = \{ ([^}]*) \}/;
    const addresses = async (family: string) =>
      nodePorts.exec(await nft("list", "table", family, "weir"))?.[1];
    const endpoints = () => nft("list", "map", "ip", "weir", "tcp-endpoints");

    await weir.logged(/There is no Node "node-1"/);
    await weir.logged(/Synced family=IPv4/);
    await weir.logged(/Synced family=IPv6/);
    assert.match(await endpoints(), /10\.244\.1\.5/);
    assert.equal(await addresses("ip"), undefined, "primary is nothing yet");
    assert.equal(await statusOf("/healthz"), 503, "a Node that was never seen gets no traffic");

    await createNode(server, "node-1");
    await setAddresses(server, "2001:db8::10", "192.0.2.10");
    await weir.until(async () => await addresses("ip") === "192.0.2.10", "the Node's address");
    await weir.until(async () => await addresses("ip6") === "2001:db8::10", "its IPv6 address");
    assert.equal(await statusOf("/healthz"), 200);

    await setAddresses(server, "192.0.2.11");
    await weir.until(async () => await addresses("ip") === "192.0.2.11", "the other address");
    await weir.until(async () => await addresses("ip6") === undefined, "the end of the IPv6 one");

    await changeNode(server, ({ metadata }) => metadata["labels"] = { [ZONE]: "zone-b" });
    await weir.until(async () => !(await endpoints()).includes("10.244.1.5"), "zone-b alone");
    assert.match(await endpoints(), /10\.244\.2\.6/);
    await changeNode(server, ({ metadata }) => metadata["labels"] = {});
    await weir.until(async () => (await endpoints()).includes("10.244.1.5"), "both zones");

    const taint = { key: "ToBeDeletedByClusterAutoscaler", value: "1", effect: "NoSchedule" };
    await changeNode(server, ({ spec }) => spec["taints"] = [taint]);
    await weir.until(async () => await statusOf("/healthz") === 503, "the taint");
    assert.equal(await statusOf("/livez"), 200);
    await changeNode(server, ({ spec }) => spec["taints"] = []);
    await weir.until(async () => await statusOf("/healthz") === 200, "the end of the taint");

    await server.request("DELETE", `${NODES}/node-1`);
    await weir.logged(/The Node object is gone, what it said last stays in force/);
    assert.equal(await addresses("ip"), "192.0.2.11");
    assert.equal(await statusOf("/healthz"), 200);

    await createNode(server, "node-1");
    await setAddresses(server, "192.0.2.10");
    await weir.until(async () => await addresses("ip") === "192.0.2.10", "the new Node's address");
    assert.equal(await weir.end(), 0);
  },
});

Deno.test({
  name:
    `A configuration that is refused and one that is taken over are Events on the Node${LEFT_OUT}`,
  ignore,
  async fn() {
    await flushRules();
    await using server = await startApiServer();
    await createObjects(server);
    const file = `${server.dir}/config.yaml`;
    await using weir = await startWeir(server, file);
    await weir.logged(/Synced family=IPv4/);
    const text = await Deno.readTextFile(file);
    const reasons = async () => {
      const events = await storedEvents(server);
      return new Map(
        events.filter(({ regarding }) => regarding.kind === "Node" && regarding.name === "node-1")
          .map(({ reason, note = "" }) => [reason, note]),
      );
    };

    await Deno.writeTextFile(file, `${text}\nclusterCIDR: nonsense`);
    await weir.until(async () => (await reasons()).has("ConfigurationRefused"), "the Event");
    assert.match((await reasons()).get("ConfigurationRefused") ?? "", /clusterCIDR.*"nonsense"/);
    await Deno.writeTextFile(file, text.replace(server.proxyKubeconfig, "/none"));
    await weir.logged(/refused.*\/none/);

    await Deno.writeTextFile(file, `${text}\nclusterCIDR: 10.244.0.0/16`);
    await weir.until(async () => (await reasons()).has("ConfigurationReloaded"), "the Event");
    await weir.until(
      async () => (await nft("list", "table", "ip", "weir")).includes("10.244.0.0/16"),
      "the new configuration",
    );
    assert.match(await nft("list", "map", "ip", "weir", "tcp-endpoints"), /10\.244\.1\.5/);
    assert.equal(await weir.end(), 0);
  },
});
