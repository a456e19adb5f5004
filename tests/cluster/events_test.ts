import assert from "node:assert/strict";
import { systemClock } from "../../model/clock.ts";
import { createClient } from "../../watch/client.ts";
import { createCredentials } from "../../watch/credentials.ts";
import { createEventWriter, type EventNotice } from "../../watch/event_writer.ts";
import { findAccess } from "../../watch/kubeconfig.ts";
import { type ApiServer, apiServerBinaries, startApiServer } from "../support/api_server.ts";
import { createService, createSlice, SERVICES, SLICES } from "../support/cluster_objects.ts";
import { flushRules, IN_NAMESPACE } from "../support/kernel.ts";
import { writeConfig } from "../support/proxy_config.ts";
import { storedEvents } from "../support/stored_events.ts";
import { WeirProcess } from "../support/weir_process.ts";

const ignore = apiServerBinaries() === undefined || !IN_NAMESPACE;
const LEFT_OUT = ignore ? " (left out: KUBEBUILDER_ASSETS is not set)" : "";

/** Creates a Service that load balancers ask for on `port`, with an endpoint on this node. */
async function createChecked(server: ApiServer, name: string, port: number): Promise<string> {
  await createSlice(server, name, [{ addresses: ["10.244.1.5"], nodeName: "node-1" }]);
  return await createService(server, name, {
    type: "LoadBalancer",
    externalTrafficPolicy: "Local",
    healthCheckNodePort: port,
  });
}

/** Starts weir as `system:kube-proxy` on node `node-1`, whose node ports answer on loopback. */
async function startWeir(server: ApiServer, changes: object = {}): Promise<WeirProcess> {
  const path = await writeConfig(server, {
    hostnameOverride: "node-1",
    nodePortAddresses: ["127.0.0.0/8", "::1/128"],
    nftables: { minSyncPeriod: "0s" },
    ...changes,
  });
  return new WeirProcess(["--config", path]);
}

async function statusOn(port: number): Promise<number | undefined> {
  const client = Deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  try {
    const response = await fetch(`http://127.0.0.1:${port}/`, { client });
    await response.body?.cancel();
    return response.status;
  } catch {
    return undefined;
  } finally {
    client.close();
  }
}

Deno.test({
  name: `weir as system:kube-proxy writes its Events to a real API server${LEFT_OUT}`,
  ignore,
  async fn() {
    await flushRules();
    await using server = await startApiServer();
    await createService(server, "old", { externalIPs: ["203.0.113.9"] });
    const busy = await createChecked(server, "busy", 31998);
    using _ = Deno.listen({ hostname: "127.0.0.1", port: 31998 });
    // The API server gives times in seconds, so that of two Services of one second the name decides.
    const young = await createService(server, "young", { externalIPs: ["203.0.113.9"] });
    await using weir = await startWeir(server);
    await weir.until(async () => (await storedEvents(server)).length >= 3, "the Events");
    const events = await storedEvents(server);
    const short = events.map(({ type, reason, action, regarding: { kind, name, uid } }) => [
      ...[type, reason, action, kind, name, uid],
    ]);
    assert.deepEqual(short.toSorted(), [
      ["Normal", "Starting", "StartKubeProxy", "Node", "node-1", "node-1"],
      ["Warning", "FailedToStartServiceHealthcheck", "Listen", "Service", "busy", busy],
      ["Warning", "PortConflict", "ProgramRules", "Service", "young", young],
    ]);
    const instances = new Set(events.map(({ reportingInstance }) => reportingInstance));
    assert.deepEqual([...instances], [`kube-proxy-${Deno.hostname()}`]);
    assert.doesNotMatch(weir.log, /Cannot write an Event/);
  },
});

Deno.test({
  name: `weir tells why it ends, and that a mode is deprecated, before it ends${LEFT_OUT}`,
  ignore,
  async fn() {
    await flushRules();
    await using server = await startApiServer();
    using busy = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const metricsBindAddress = `127.0.0.1:${busy.addr.port}`;
    const changes = { metricsBindAddress, bindAddressHardFail: true, mode: "ipvs" };
    await using weir = await startWeir(server, changes);
    assert.equal(await weir.ended(), 1, weir.log);
    const events = await storedEvents(server);
    const short = events.map(({ type, reason, action, regarding }) => [
      ...[type, reason, action, regarding.kind, regarding.name],
    ]);
    assert.deepEqual(short.toSorted(), [
      ["Normal", "Starting", "StartKubeProxy", "Node", "node-1"],
      ["Warning", "FailedToStartMetricServer", "StartKubeProxy", "Node", "node-1"],
      ["Warning", "IPVSDeprecation", "StartKubeProxy", "Node", "node-1"],
    ]);
    const failure = events.find(({ reason }) => reason === "FailedToStartMetricServer");
    assert.equal(
      failure?.note,
      `Cannot listen on "${metricsBindAddress}" for the metrics server: Address already in use (os error 98)`,
    );
  },
});

Deno.test({
  name: `weir answers the health checks of Services of a real API server${LEFT_OUT}`,
  ignore,
  async fn() {
    await flushRules();
    await using server = await startApiServer();
    await createChecked(server, "web", 31999);
    await using weir = await startWeir(server);
    await weir.until(async () => await statusOn(31999) === 200, "the health check");

    await server.request("DELETE", `${SLICES}/web-a`);
    await weir.until(async () => await statusOn(31999) === 503, "the end of the endpoint");

    await server.request("DELETE", `${SERVICES}/web`);
    await weir.until(async () => await statusOn(31999) === undefined, "the end of the Service");
    assert.equal(await weir.end(), 0);
  },
});

Deno.test({
  name: `A real API server accepts Events that exist already, and series${LEFT_OUT}`,
  ignore,
  async fn() {
    await using server = await startApiServer();
    const surroundings = { readTextFile: Deno.readTextFile, env: () => undefined };
    const access = await findAccess(
      { kubeconfig: server.proxyKubeconfig, master: "" },
      surroundings,
    );
    const credentials = createCredentials(access, { ...surroundings, clock: systemClock });
    const client = createClient({ server: access.server, credentials, clock: systemClock });
    const writer = createEventWriter({ client, hostname: "host-a", clock: systemClock });
    const { signal } = new AbortController();
    const write = (notice: EventNotice, count: number) =>
      writer.write(notice, { count, first: 1_780_000_000_000, last: 1_780_000_300_000 }, signal);
    const regarding = {
      apiVersion: "v1",
      kind: "Service",
      namespace: "default",
      name: "web",
      uid: "",
    };
    const notice: EventNotice = {
      type: "Warning",
      reason: "SkippedPart",
      action: "ProgramRules",
      note: "ä".repeat(1024),
      regarding,
      scope: "cluster",
    };
    const own: EventNotice = { ...notice, note: "", scope: "node" };
    const lost: EventNotice = { ...own, note: "its first write was lost" };
    try {
      await write(notice, 1);
      await write(notice, 2);
      for (const count of [1, 2, 9]) await write({ ...own }, count);
      await write(lost, 3);
    } finally {
      client.close();
    }
    const counts = (await storedEvents(server)).map(({ note = "", series }) => [
      note.length > 1000 ? "long" : note,
      series?.count,
    ]);
    assert.equal(counts.length, 3);
    assert.deepEqual(new Map(counts as [string, number][]).get(""), 9);
    assert.deepEqual(new Map(counts as [string, number][]).get(lost.note), 3);
  },
});
