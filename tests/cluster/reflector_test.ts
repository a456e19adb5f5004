import assert from "node:assert/strict";
import { type ApiServer, apiServerBinaries, startApiServer } from "../support/api_server.ts";
import { NODES, SERVICES, SLICES } from "../support/cluster_objects.ts";
import { Mirror } from "./_mirror.ts";

const ignore = apiServerBinaries() === undefined;
const LEFT_OUT = ignore ? " (left out: KUBEBUILDER_ASSETS is not set)" : "";

function service(name: string, labels: Record<string, string> = {}, spec: object = {}) {
  return { metadata: { name, labels }, spec: { ports: [{ port: 80 }], ...spec } };
}

function slice(name: string, labels: Record<string, string> = {}) {
  return {
    metadata: { name, labels: { "kubernetes.io/service-name": "web", ...labels } },
    addressType: "IPv4",
    ports: [{ name: "", port: 8080 }],
    endpoints: [{ addresses: ["10.244.1.5"] }],
  };
}

async function addAll(server: ApiServer, path: string, ...objects: unknown[]): Promise<void> {
  for (const object of objects) await server.request("POST", path, object);
}

const IDENTITIES = [
  { name: "an administrator", kubeconfig: (server: ApiServer) => server.kubeconfig },
  { name: "system:kube-proxy", kubeconfig: (server: ApiServer) => server.proxyKubeconfig },
];

Deno.test({
  name: `The API source mirrors a real API server${LEFT_OUT}`,
  ignore,
  async fn(t) {
    await using server = await startApiServer();
    await addAll(server, SERVICES, service("first"));
    for (const { name, kubeconfig } of IDENTITIES) {
      await t.step(`as ${name}: lists, then additions, changes and deletions`, async () => {
        await using mirror = await Mirror.start(kubeconfig(server));
        await mirror.untilNames("Service", "first", "kubernetes");
        await mirror.untilNames("ServiceCIDR", "kubernetes");
        await addAll(server, SERVICES, service("second"));
        await mirror.untilNames("Service", "first", "kubernetes", "second");
        const second = () => mirror.sink.objects.get("Service default/second");
        const patch = { spec: { externalIPs: ["198.51.100.7"] } };
        await server.request("PATCH", `${SERVICES}/second`, patch);
        const external = () => {
          const object = second();
          return object?.kind === "Service" && object.externalIPs[0] === "198.51.100.7";
        };
        await mirror.until(external, "the change");
        await server.request("DELETE", `${SERVICES}/second`);
        await mirror.untilNames("Service", "first", "kubernetes");
        const warnings = mirror.recording.lines.filter((line) => line.startsWith("WARN"));
        assert.deepEqual(warnings, []);
      });
    }

    await t.step("sees what kube-proxy would see", async () => {
      await using mirror = await Mirror.start(server.proxyKubeconfig);
      const other = { "service.kubernetes.io/service-proxy-name": "" };
      const headless = { "service.kubernetes.io/headless": "" };
      await addAll(
        server,
        SERVICES,
        service("other", other),
        service("labelled", headless),
        service("headless", {}, { clusterIP: "None" }),
        service("mine"),
      );
      await addAll(
        server,
        SLICES,
        slice("s-other", other),
        slice("s-headless", headless),
        slice("s"),
      );
      const node = (name: string) => ({ metadata: { name } });
      await addAll(server, NODES, node("node-2"), node("node-1"));
      await mirror.untilNames("Service", "first", "kubernetes", "labelled", "mine");
      await mirror.untilNames("EndpointSlice", "kubernetes", "s", "s-other");
      await mirror.untilNames("Node", "node-1");
      await server.request("PATCH", `${SERVICES}/mine`, { metadata: { labels: other } });
      await mirror.untilNames("Service", "first", "kubernetes", "labelled");
    });
  },
});

Deno.test({
  name: `The API source mirrors a real API server that does not stream lists${LEFT_OUT}`,
  ignore,
  async fn() {
    await using server = await startApiServer({ args: ["--feature-gates=WatchList=false"] });
    await addAll(server, SERVICES, service("a"), service("b"));
    await using mirror = await Mirror.start(server.kubeconfig);
    await mirror.untilNames("Service", "a", "b", "kubernetes");
    assert.match(mirror.recording.lines.join("\n"), /Listing in pages.*kind=Service/);
    await server.request("DELETE", `${SERVICES}/a`);
    await mirror.untilNames("Service", "b", "kubernetes");
  },
});

Deno.test({
  name: `The API source outlives its API server${LEFT_OUT}`,
  ignore,
  async fn(t) {
    await using server = await startApiServer();
    await addAll(server, SERVICES, service("kept"));
    await using mirror = await Mirror.start(server.proxyKubeconfig);
    await mirror.untilNames("Service", "kept", "kubernetes");
    const before = [...mirror.sink.objects.keys()];

    await t.step("holds everything while it is gone, and converges after it is back", async () => {
      await server.kill();
      const calls = mirror.sink.calls.length;
      const warned = () => mirror.recording.lines.some((line) => line.includes("refused"));
      await mirror.until(warned, "a failed attempt");
      const since = mirror.sink.calls.slice(calls);
      assert.ok(!since.some((call) => /^(replace|remove)/.test(call)), since.join());
      for (const key of before) assert.ok(mirror.sink.objects.has(key), key);
      await server.restart();
      await addAll(server, SERVICES, service("later"));
      await mirror.untilNames("Service", "kept", "kubernetes", "later");
    });

    await t.step("lists anew when the history that it knows is compacted", async () => {
      await server.kill();
      await server.compact();
      await server.restart();
      await server.request("DELETE", `${SERVICES}/later`);
      await mirror.untilNames("Service", "kept", "kubernetes");
    });

    await t.step(
      "takes over new data when the old was wiped, though versions overlap",
      async () => {
        await server.kill();
        await server.restart({ wipe: true });
        await addAll(server, SERVICES, service("new"));
        for (let count = 0; count < 100; count++) {
          await server.request("PATCH", `${SERVICES}/new`, {
            metadata: { labels: { n: `${count}` } },
          });
        }
        await mirror.untilNames("Service", "kubernetes", "new");
        await mirror.untilNames("EndpointSlice", "kubernetes");
      },
    );
  },
});
