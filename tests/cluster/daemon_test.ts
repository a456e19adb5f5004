import assert from "node:assert/strict";
import { type ApiServer, apiServerBinaries, startApiServer } from "../support/api_server.ts";
import { offer, SERVICES, SLICES } from "../support/cluster_objects.ts";
import { flushRules, IN_NAMESPACE, nft } from "../support/kernel.ts";
import { writeConfig } from "../support/proxy_config.ts";
import { WeirProcess } from "../support/weir_process.ts";

const ignore = apiServerBinaries() === undefined || !IN_NAMESPACE;
const LEFT_OUT = ignore ? " (left out: KUBEBUILDER_ASSETS is not set)" : "";

const CONFIG = { clusterCIDR: "10.244.0.0/16", nftables: { minSyncPeriod: "0s" } };

/** Replaces the endpoints of Service `name`. */
async function scale(server: ApiServer, name: string, addresses: readonly string[]): Promise<void> {
  const slice = await server.request("GET", `${SLICES}/${name}-a`) as Record<string, unknown>;
  const endpoints = addresses.map((address) => ({ addresses: [address] }));
  await server.request("PUT", `${SLICES}/${name}-a`, { ...slice, endpoints });
}

async function endpoints(): Promise<string> {
  return await nft("list", "map", "ip", "weir", "tcp-endpoints");
}

Deno.test({
  name: `weir programs what a real API server holds, and every change of it${LEFT_OUT}`,
  ignore,
  async fn() {
    await flushRules();
    await using server = await startApiServer();
    await offer(server, "web", "10.96.0.10", ["10.244.1.5", "10.244.2.6"]);
    await using weir = new WeirProcess(["--config", await writeConfig(server, CONFIG)]);
    await weir.logged(/Synced family=IPv4/);
    assert.match(await endpoints(), /10\.96\.0\.10 \. 80 \. 1 : 10\.244\.2\.6 \. 8080/);
    assert.match(await nft("list", "set", "ip", "weir", "service-cidrs"), /10\.96\.0\.0\/12/);

    await scale(server, "web", ["10.244.1.5", "10.244.2.7"]);
    await weir.until(async () => (await endpoints()).includes("10.244.2.7"), "the new endpoint");
    assert.doesNotMatch(await endpoints(), /10\.244\.2\.6/);

    await offer(server, "api", "10.96.0.11", ["10.244.1.9"]);
    await weir.until(async () => (await endpoints()).includes("10.96.0.11"), "the new Service");

    await server.request("DELETE", `${SERVICES}/web`);
    await weir.until(async () => !(await endpoints()).includes("10.96.0.10"), "the deletion");

    assert.equal(await weir.end("SIGTERM"), 0);
    assert.match(await endpoints(), /10\.96\.0\.11/, "the rules stay");
    assert.match(weir.log, /Stopped, the rules stay in force/);
  },
});

Deno.test({
  name: `Without the API server nothing changes, and with it back all does${LEFT_OUT}`,
  ignore,
  async fn() {
    await flushRules();
    await using server = await startApiServer();
    await offer(server, "web", "10.96.0.10", ["10.244.1.5"]);
    await using weir = new WeirProcess(["--config", await writeConfig(server, CONFIG)]);
    await weir.logged(/Synced family=IPv4/);
    const before = await nft("list", "table", "ip", "weir");

    await server.kill();
    await weir.logged(/WARN|ERROR/);
    assert.equal(await nft("list", "table", "ip", "weir"), before);
    await server.restart();
    await scale(server, "web", ["10.244.1.7"]);
    await weir.until(async () => (await endpoints()).includes("10.244.1.7"), "the change");

    await server.kill();
    await server.restart({ wipe: true });
    await offer(server, "fresh", "10.96.0.12", ["10.244.1.8"]);
    await weir.until(async () => (await endpoints()).includes("10.244.1.8"), "the new cluster");
    assert.doesNotMatch(await endpoints(), /10\.244\.1\.7/, "the old cluster is gone");
  },
});

Deno.test({
  name:
    `A restart over live rules leaves no moment without them, and killing weir none at all${LEFT_OUT}`,
  ignore,
  async fn() {
    await flushRules();
    await using server = await startApiServer();
    await offer(server, "web", "10.96.0.10", ["10.244.1.5"]);
    const config = await writeConfig(server, CONFIG);
    const first = new WeirProcess(["--config", config]);
    await first.logged(/Synced family=IPv4/);
    await first.end("SIGKILL");
    assert.match(await endpoints(), /10\.244\.1\.5/);
    await offer(server, "api", "10.96.0.11", ["10.244.1.9"]);
    await using second = new WeirProcess(["--config", config]);
    await second.logged(/Synced family=IPv4/);
    assert.match(
      await endpoints(),
      /10\.244\.1\.5[\s\S]*10\.244\.1\.9|10\.244\.1\.9[\s\S]*10\.244\.1\.5/,
    );
  },
});
