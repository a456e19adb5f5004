import assert from "node:assert/strict";
import { ApiError } from "../../watch/api_error.ts";
import type { Client } from "../../watch/client.ts";
import { type ApiServer, apiServerBinaries, startApiServer } from "../support/api_server.ts";
import { NODES, SERVICES, SLICES } from "../support/cluster_objects.ts";
import { Mirror, type RequestChange } from "./_mirror.ts";

const ignore = apiServerBinaries() === undefined;
const LEFT_OUT = ignore ? " (left out: KUBEBUILDER_ASSETS is not set)" : "";

const CIDRS = "/apis/networking.k8s.io/v1/servicecidrs";

/** With all that weir uses, and some of what it does not. */
const FULL_SERVICE = {
  metadata: {
    name: "full",
    labels: { app: "web", empty: "" },
    annotations: { note: "ünïcode €😀", empty: "" },
    finalizers: ["example.com/keep"],
  },
  spec: {
    type: "LoadBalancer",
    selector: { app: "web" },
    ports: [
      {
        name: "http",
        protocol: "TCP",
        port: 80,
        targetPort: "web",
        nodePort: 30080,
        appProtocol: "h2c",
      },
      { name: "dns", protocol: "UDP", port: 53, targetPort: 5353 },
      { name: "sctp", protocol: "SCTP", port: 65535, nodePort: 32767 },
    ],
    externalIPs: ["198.51.100.7", "198.51.100.8"],
    loadBalancerSourceRanges: ["203.0.113.0/24", "192.0.2.0/24"],
    sessionAffinity: "ClientIP",
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 86400 } },
    externalTrafficPolicy: "Local",
    internalTrafficPolicy: "Local",
    publishNotReadyAddresses: true,
    trafficDistribution: "PreferClose",
  },
};
const INGRESS = [
  { ip: "192.0.2.1", ipMode: "Proxy" },
  { ip: "192.0.2.2", ipMode: "VIP" },
  { ip: "192.0.2.3" },
  { hostname: "lb.example.com" },
];
const FULL_SLICE = {
  metadata: {
    name: "full",
    labels: { "kubernetes.io/service-name": "full", other: "x" },
    annotations: {
      "endpoints.kubernetes.io/last-change-trigger-time": "2026-01-02T03:04:05.678Z",
      other: "y",
    },
  },
  addressType: "IPv4",
  ports: [
    { name: "http", protocol: "TCP", port: 8080, appProtocol: "h2c" },
    { name: "", protocol: "UDP", port: 53 },
    { name: "all" },
  ],
  endpoints: [
    {
      addresses: ["10.244.1.5", "10.244.1.6"],
      conditions: { ready: true, serving: true, terminating: false },
      hostname: "a",
      targetRef: { kind: "Pod", namespace: "default", name: "a" },
      deprecatedTopology: { region: "r" },
      nodeName: "node-1",
      zone: "zone-a",
      hints: { forZones: [{ name: "zone-a" }, { name: "zone-b" }], forNodes: [{ name: "node-1" }] },
    },
    { addresses: ["10.244.1.7"], conditions: { ready: false, serving: true, terminating: true } },
    { addresses: ["10.244.1.8"], conditions: { ready: false, serving: false } },
    { addresses: ["10.244.1.9"], conditions: { terminating: true } },
    { addresses: ["10.244.1.10"], hints: {} },
    { addresses: ["10.244.1.11"] },
  ],
};
const FULL_NODE = {
  metadata: { name: "node-1", labels: { "topology.kubernetes.io/zone": "zone-a", empty: "" } },
  spec: {
    podCIDR: "10.244.1.0/24",
    podCIDRs: ["10.244.1.0/24", "fd00:1::/64"],
    taints: [{ key: "a", effect: "NoSchedule" }, { key: "b", value: "c", effect: "NoExecute" }],
    unschedulable: true,
  },
};
const NODE_ADDRESSES = [
  { type: "ExternalIP", address: "198.51.100.1" },
  { type: "Hostname", address: "node-1" },
  { type: "InternalIP", address: "192.0.2.10" },
  { type: "InternalIP", address: "fd00::10" },
];
/** How many objects there are in the end: 4 Services, 5 slices, a Node and 2 ServiceCIDRs. */
const OBJECTS = 12;
const EMPTY = { metadata: { labels: { "kubernetes.io/service-name": "bare" } } };

async function create(server: ApiServer): Promise<void> {
  await server.request("POST", SERVICES, FULL_SERVICE);
  const status = { status: { loadBalancer: { ingress: INGRESS } } };
  await server.request("PATCH", `${SERVICES}/full/status`, status);
  await server.request("POST", SERVICES, {
    metadata: { name: "bare" },
    spec: { ports: [{ port: 80 }] },
  });
  await server.request("POST", SERVICES, {
    metadata: { name: "outside" },
    spec: { type: "ExternalName", externalName: "example.com" },
  });
  await server.request("POST", SLICES, FULL_SLICE);
  for (const addressType of ["IPv4", "IPv6", "FQDN"]) {
    const name = `bare-${addressType.toLowerCase()}`;
    const slice = { metadata: { ...EMPTY.metadata, name }, addressType, endpoints: [] };
    await server.request("POST", SLICES, slice);
  }
  await server.request("POST", NODES, FULL_NODE);
  await server.request("PATCH", `${NODES}/node-1/status`, {
    status: { addresses: NODE_ADDRESSES },
  });
  await server.request("POST", CIDRS, {
    metadata: { name: "second" },
    spec: { cidrs: ["10.97.0.0/16"] },
  });
}

/** Deletes what cannot go yet: it stays with a deletion timestamp. */
async function markDeleted(server: ApiServer): Promise<void> {
  const patch = { metadata: { finalizers: ["example.com/keep"] } };
  await server.request("PATCH", `${NODES}/node-1`, patch);
  await server.request("DELETE", `${NODES}/node-1`);
}

/** As a server, or a proxy before it, that only knows JSON. */
const onlyJson: RequestChange = (request) => (path, options) =>
  request(path, { ...options, accept: "application/json" });

/** As a server that does not stream lists. */
const onlyPages: RequestChange = (request) => (path, options) =>
  path.includes("sendInitialEvents")
    ? Promise.reject(new ApiError(422, "Invalid", "sendInitialEvents is forbidden"))
    : request(path, options);

/** Notes the encodings of the answers to watches and lists. */
function noting(types: Set<string>, change: RequestChange): RequestChange {
  const note = (request: Client["request"]): Client["request"] => async (path, options) => {
    const response = await request(path, options);
    if (options.accept !== undefined) types.add(response.headers.get("content-type") ?? "none");
    return response;
  };
  return (request) => note(change(request));
}

Deno.test({
  name: `The API source reads the same from protobuf as from JSON${LEFT_OUT}`,
  ignore,
  async fn(t) {
    await using server = await startApiServer();
    const mirrors: { name: string; change: RequestChange; want: string }[] = [
      { name: "JSON", change: onlyJson, want: "application/json" },
      {
        name: "protobuf",
        change: (request) => request,
        want: "application/vnd.kubernetes.protobuf;stream=watch",
      },
    ];
    const early: Mirror[] = [];
    await using stack = new AsyncDisposableStack();
    for (const { change, want } of mirrors) {
      const types = new Set<string>();
      const mirror = stack.use(await Mirror.start(server.kubeconfig, noting(types, change)));
      assert.deepEqual([...types], [want]);
      early.push(mirror);
    }
    const [json, protobuf] = early as [Mirror, Mirror];
    await create(server);
    await markDeleted(server);
    const seen = (mirror: Mirror) => () => {
      const node = mirror.sink.objects.get("Node node-1");
      return node?.kind === "Node" && node.deleting && mirror.sink.objects.size === OBJECTS;
    };

    await t.step("in a watch", async () => {
      for (const mirror of early) {
        await mirror.until(seen(mirror), `all changes of ${[...mirror.sink.objects.keys()]}`);
      }
      assert.deepEqual(
        Object.fromEntries(protobuf.sink.objects),
        Object.fromEntries(json.sink.objects),
      );
    });

    await t.step("and means something", () => {
      const service = protobuf.sink.objects.get("Service default/full");
      assert.ok(service?.kind === "Service");
      assert.equal(service.affinitySeconds, 86400);
      assert.equal(service.ingress.length, 3);
      assert.notEqual(service.healthCheckNodePort, 0);
      assert.match(service.creationTimestamp, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      const slice = protobuf.sink.objects.get("EndpointSlice default/full");
      assert.ok(slice?.kind === "EndpointSlice");
      assert.deepEqual(
        slice.endpoints.map(({ ready, serving, terminating }) => [
          ready,
          serving,
          terminating,
        ]),
        [
          [true, true, false],
          [false, true, true],
          [false, false, false],
          [true, true, true],
          [true, true, false],
          [true, true, false],
        ],
      );
      assert.deepEqual(slice.ports.map(({ name }) => name), ["http", ""]);
    });

    const lists: { name: string; change: RequestChange }[] = [
      { name: "a streaming list", change: (request) => request },
      { name: "a list in pages", change: onlyPages },
      { name: "a list in pages, in JSON", change: (request) => onlyPages(onlyJson(request)) },
    ];
    for (const { name, change } of lists) {
      await t.step(`in ${name}`, async () => {
        await using late = await Mirror.start(server.kubeconfig, change);
        await late.until(seen(late), "all objects");
        assert.deepEqual(
          Object.fromEntries([...late.sink.objects].toSorted()),
          Object.fromEntries([...json.sink.objects].toSorted()),
        );
        const warnings = late.recording.lines.filter((line) => line.startsWith("WARN"));
        assert.deepEqual(warnings, []);
      });
    }
  },
});

Deno.test({
  name: `The API source understands a refusal in protobuf${LEFT_OUT}`,
  ignore,
  async fn() {
    await using server = await startApiServer();
    const wrong: RequestChange = (request) => (path, options) =>
      request(path.replace(/resourceVersion=\d+/, "resourceVersion=nonsense"), options);
    await using mirror = await Mirror.start(
      server.kubeconfig,
      (request) => wrong(onlyPages(request)),
    );
    const told = () =>
      mirror.recording.lines.some((line) =>
        /^WARN.*500 resourceVersion: Invalid value.*nonsense/.test(line)
      );
    await mirror.until(told, "the refusal");
  },
});
