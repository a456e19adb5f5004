import assert from "node:assert/strict";
import { ADDRESSES, ClusterLab, TARGET_PORT } from "../support/cluster_lab.ts";
import { flushRules, kernelTest, nft } from "../support/kernel.ts";
import { WeirProcess } from "../support/weir_process.ts";

const VIP = "10.96.0.10";
const WEB = JSON.stringify({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name: "web", namespace: "default" },
  spec: {
    clusterIP: VIP,
    ports: [{ port: 80 }],
    sessionAffinity: "ClientIP",
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 1 } },
  },
});
const SLICE = JSON.stringify({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: {
    name: "web-a",
    namespace: "default",
    labels: { "kubernetes.io/service-name": "web" },
  },
  addressType: "IPv4",
  ports: [{ port: TARGET_PORT }],
  endpoints: [{ addresses: [ADDRESSES["pod-a"][0]] }],
});

/** A folder with one Service that has one endpoint. */
async function manifests(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "weir-repair-" });
  await Deno.writeTextFile(`${path}/web.json`, WEB);
  await Deno.writeTextFile(`${path}/slice.json`, SLICE);
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}

const DEEDS = [
  "flush ruleset",
  "add chain ip weir bad { type filter hook forward priority -1; policy drop; }",
  "add table ip weir { flags dormant; }",
];

kernelTest("Packets go their way again after whatever others do to the rules", async () => {
  await using world = await ClusterLab.create();
  await using folder = await manifests();
  const { node, client } = world.members;
  await using weir = new WeirProcess([`--manifests=${folder.path}`, "-v=2"], node);
  const answers = async () => {
    const outcomes = await client.connectMany(VIP, 80, 8, { parallel: 8, timeoutMs: 200 });
    return outcomes.every(({ result }) => result === "answered");
  };
  await weir.until(answers, "an answer");
  await weir.logged("Listening for changes");
  // What packets and time do to an affinity map is nobody's deed.
  const learned = async () => /expires/.test(await node.output("nft", ["list", "ruleset"]));
  await weir.until(learned, "a client that is remembered");
  await weir.until(async () => !await learned(), "a client that is forgotten");
  assert.doesNotMatch(weir.log, /Something else/);
  for (const [index, deed] of DEEDS.entries()) {
    await node.output("nft", [deed]);
    const repaired = () => weir.log.split("Repaired the rules family=IPv4").length > index + 1;
    await weir.until(() => Promise.resolve(repaired()), `a repair after "${deed}"`);
    await weir.until(answers, `an answer after "${deed}"`);
  }
  const warnings = weir.log.match(/Something else.*family=IPv4.*/g) ?? [];
  assert.equal(warnings.length, DEEDS.length, weir.log);
  assert.ok(warnings.every((line) => line.endsWith("repairInMs=0")), weir.log);
});

kernelTest(
  "Repairs are counted, and come less and less often in a fight, which weir wins",
  async () => {
    await flushRules();
    await using folder = await manifests();
    await using weir = new WeirProcess([`--manifests=${folder.path}`, "-v=2"]);
    const isThere = async () => (await nft("list", "tables")).includes("table ip weir\n");
    await weir.logged("Listening for changes");
    while (!/repairInMs=2000/.test(weir.log)) {
      await weir.until(isThere, "the table");
      await nft("delete", "table", "ip", "weir").catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    await weir.until(isThere, "the table");
    await weir.logged(/(Repaired the rules family=IPv4[^]*){5}/);
    const metrics = await (await fetch("http://127.0.0.1:10249/metrics")).text();
    assert.match(metrics, /^weir_ruleset_repairs_total\{ip_family="IPv4"\} 5$/m);
    assert.match(metrics, /^weir_ruleset_repairs_total\{ip_family="IPv6"\} 0$/m);
  },
);
