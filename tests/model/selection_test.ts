import assert from "node:assert/strict";
import { endpointId, endpointsOf } from "../../model/endpoint.ts";
import { externalDispatch, internalDispatch } from "../../model/policy.ts";
import type { EndpointObject } from "../../model/objects.ts";
import { selectEndpoints } from "../../model/selection.ts";
import { servicePortsOf } from "../../model/service_port.ts";
import { endpoint, service, slice } from "../support/objects.ts";

const HERE = { nodeName: "node-a" };
const UNREADY = { ready: false, serving: false };
const DRAINING = { ready: false, terminating: true };

/** Rows of kube-proxy's TestCategorizeEndpoints, by their claims. */
interface Case {
  readonly name: string;
  readonly internal?: "Local";
  readonly external?: "Local";
  readonly endpoints: readonly EndpointObject[];
  readonly zone?: string;
  readonly cluster: string;
  readonly local: string;
  readonly dispatch: readonly [string, string];
  /** Why hints do not count. */
  readonly ignored?: readonly string[];
}

function at(last: number, changes: Partial<EndpointObject> = {}): EndpointObject {
  return endpoint(`10.0.0.${last}`, changes);
}

const CASES: readonly Case[] = [
  { name: "no endpoints", endpoints: [], cluster: "", local: "", dispatch: ["reject", "reject"] },
  {
    name: "ready endpoints anywhere",
    endpoints: [at(1), at(2, HERE), at(3, UNREADY)],
    cluster: "12",
    local: "",
    dispatch: ["cluster", "external"],
  },
  {
    name: "internal Local, one here",
    internal: "Local",
    endpoints: [at(1), at(2, HERE)],
    cluster: "12",
    local: "2",
    dispatch: ["local", "external"],
  },
  {
    name: "internal Local, remote only",
    internal: "Local",
    endpoints: [at(1)],
    cluster: "1",
    local: "",
    dispatch: ["drop", "external"],
  },
  {
    name: "external Local, one here",
    external: "Local",
    endpoints: [at(1), at(2, HERE)],
    cluster: "12",
    local: "2",
    dispatch: ["cluster", "external-local"],
  },
  {
    name: "external Local, remote only",
    external: "Local",
    endpoints: [at(1)],
    cluster: "1",
    local: "",
    dispatch: ["cluster", "external-remote"],
  },
  {
    name: "both Local, remote terminating only",
    internal: "Local",
    external: "Local",
    endpoints: [at(1, DRAINING)],
    cluster: "1",
    local: "",
    dispatch: ["drop", "external-remote"],
  },
  {
    name: "external Local: ready elsewhere, terminating here: each list falls back for itself",
    external: "Local",
    endpoints: [at(1), at(2, { ...HERE, ...DRAINING })],
    cluster: "1",
    local: "2",
    dispatch: ["cluster", "external-local"],
  },
  {
    name: "no ready one: those that serve while terminating take over",
    endpoints: [at(1, DRAINING), at(2, UNREADY), at(3, { ready: false, serving: true })],
    cluster: "1",
    local: "",
    dispatch: ["cluster", "external"],
  },
  {
    name: "neither ready nor draining: rejected",
    external: "Local",
    endpoints: [at(1, UNREADY), at(2, { ...HERE, ...UNREADY })],
    cluster: "",
    local: "",
    dispatch: ["reject", "reject"],
  },
  {
    name: "ready while terminating (publishNotReadyAddresses) counts as ready",
    endpoints: [at(1, { terminating: true }), at(2, DRAINING)],
    cluster: "1",
    local: "",
    dispatch: ["cluster", "external"],
  },
  {
    name: "zone hints hold when all ready endpoints have some and one matches",
    zone: "zone-a",
    endpoints: [
      at(1, { zoneHints: ["zone-a"] }),
      at(2, { zoneHints: ["zone-b"] }),
      at(3, { zoneHints: ["zone-b", "zone-a"] }),
      at(4, UNREADY),
    ],
    cluster: "13",
    local: "",
    dispatch: ["cluster", "external"],
  },
  {
    name: "one ready endpoint without a zone hint: no hints",
    zone: "zone-a",
    endpoints: [at(1, { zoneHints: ["zone-a"] }), at(2)],
    cluster: "12",
    local: "",
    dispatch: ["cluster", "external"],
    ignored: ["Ignored hints for zones: a ready endpoint has none"],
  },
  {
    name: "no endpoint for this zone: no hints",
    zone: "zone-c",
    endpoints: [at(1, { zoneHints: ["zone-a"] }), at(2, { zoneHints: ["zone-b"] })],
    cluster: "12",
    local: "",
    dispatch: ["cluster", "external"],
    ignored: ['Ignored hints for zones: no ready endpoint is meant for zone "zone-c"'],
  },
  {
    name: "a node without a zone: no hints",
    endpoints: [at(1, { zoneHints: ["zone-a"] }), at(2, { zoneHints: [""] })],
    cluster: "12",
    local: "",
    dispatch: ["cluster", "external"],
    ignored: ["Ignored hints for zones: this node has no zone"],
  },
  {
    name: "only an unready endpoint is hinted for this zone: no hints",
    zone: "zone-a",
    endpoints: [at(1, { zoneHints: ["zone-b"] }), at(2, { ...UNREADY, zoneHints: ["zone-a"] })],
    cluster: "1",
    local: "",
    dispatch: ["cluster", "external"],
    ignored: ['Ignored hints for zones: no ready endpoint is meant for zone "zone-a"'],
  },
  {
    name: "node hints come before zone hints",
    zone: "zone-a",
    endpoints: [
      at(1, { zoneHints: ["zone-a"], nodeHints: ["node-a"] }),
      at(2, { zoneHints: ["zone-a"], nodeHints: ["node-b"] }),
    ],
    cluster: "1",
    local: "",
    dispatch: ["cluster", "external"],
  },
  {
    name: "no node hint for this node: zone hints decide",
    zone: "zone-a",
    endpoints: [
      at(1, { zoneHints: ["zone-a"], nodeHints: ["node-b"] }),
      at(2, { zoneHints: ["zone-b"], nodeHints: ["node-c"] }),
    ],
    cluster: "1",
    local: "",
    dispatch: ["cluster", "external"],
    ignored: ['Ignored hints for nodes: no ready endpoint is meant for node "node-a"'],
  },
  {
    name: "one ready endpoint without hints of either kind: no hints",
    zone: "zone-a",
    endpoints: [
      at(1, { zoneHints: ["zone-a"], nodeHints: ["node-a"] }),
      at(2, { zoneHints: ["zone-a"] }),
      at(3),
    ],
    cluster: "123",
    local: "",
    dispatch: ["cluster", "external"],
    ignored: [
      "Ignored hints for nodes: a ready endpoint has none",
      "Ignored hints for zones: a ready endpoint has none",
    ],
  },
  {
    name: "one ready endpoint without a node hint: zone hints decide",
    zone: "zone-a",
    endpoints: [
      at(1, { zoneHints: ["zone-b"], nodeHints: ["node-a"] }),
      at(2, { zoneHints: ["zone-a"] }),
    ],
    cluster: "2",
    local: "",
    dispatch: ["cluster", "external"],
    ignored: ["Ignored hints for nodes: a ready endpoint has none"],
  },
  {
    name: "hints of endpoints that are not ready are no hints that are ignored",
    zone: "zone-a",
    endpoints: [at(1), at(2, { ...UNREADY, zoneHints: ["zone-a"], nodeHints: ["node-a"] })],
    cluster: "1",
    local: "",
    dispatch: ["cluster", "external"],
  },
  {
    name: "hints do not keep draining endpoints from taking over",
    zone: "zone-a",
    endpoints: [
      at(1, { ...DRAINING, zoneHints: ["zone-a"] }),
      at(2, { ...DRAINING, zoneHints: ["zone-b"] }),
    ],
    cluster: "12",
    local: "",
    dispatch: ["cluster", "external"],
  },
  {
    name: "hints never filter the local list",
    external: "Local",
    zone: "zone-a",
    endpoints: [at(1, { zoneHints: ["zone-a"] }), at(2, { ...HERE, zoneHints: ["zone-b"] })],
    cluster: "1",
    local: "2",
    dispatch: ["cluster", "external-local"],
  },
];

for (const { name, internal, external, endpoints, zone = "", ignored = [], ...want } of CASES) {
  Deno.test(`Selection: ${name}`, () => {
    const [port] = servicePortsOf(
      service("web", {
        type: "NodePort",
        ports: [{ nodePort: 30080 }],
        ...(internal && { internalTrafficPolicy: internal }),
        ...(external && { externalTrafficPolicy: external }),
      }),
      "IPv4",
      [],
    );
    assert.ok(port);
    const query = { family: "IPv4", portName: "", protocol: "TCP", nodeName: "node-a" } as const;
    const found = endpointsOf([slice("web", endpoints)], query, []);
    const selection = selectEndpoints(port, found, { nodeName: "node-a", zone });
    const last = (list: typeof selection.cluster) =>
      list.map((one) => one.address.replace("10.0.0.", "")).join("");
    assert.equal(last(selection.cluster), want.cluster, "cluster list");
    assert.equal(last(selection.local), want.local, "local list");
    const dispatch = [internalDispatch(port, selection), externalDispatch(port, selection)];
    assert.deepEqual(dispatch, want.dispatch);
    assert.deepEqual(selection.ignoredHints, ignored);
  });
}

Deno.test("Selection: external Local without a way in from outside asks for no local list", () => {
  const [port] = servicePortsOf(
    service("web", { type: "NodePort", externalTrafficPolicy: "Local" }),
    "IPv4",
    [],
  );
  assert.ok(port);
  const query = { family: "IPv4", portName: "", protocol: "TCP", nodeName: "node-a" } as const;
  const found = endpointsOf([slice("web", [at(1, HERE)])], query, []);
  const selection = selectEndpoints(port, found, { nodeName: "node-a", zone: "" });
  assert.deepEqual([selection.cluster.length, selection.local.length], [1, 0]);
});

Deno.test("Selection: internal Local without a way in from outside leaves the cluster list empty", () => {
  const [port] = servicePortsOf(
    service("web", { internalTrafficPolicy: "Local" }),
    "IPv4",
    [],
  );
  assert.ok(port);
  const query = { family: "IPv4", portName: "", protocol: "TCP", nodeName: "node-a" } as const;
  const found = endpointsOf([slice("web", ["10.0.0.1"])], query, []);
  const selection = selectEndpoints(port, found, { nodeName: "node-a", zone: "" });
  assert.deepEqual([selection.cluster, selection.local, selection.hasEndpoints], [[], [], true]);
});

Deno.test("Selection: UDP flows may stay with all that serve or are published unready, TCP keeps no list", () => {
  const servingOf = (protocol: "TCP" | "UDP") => {
    const object = service("dns", { ports: [{ protocol }], internalTrafficPolicy: "Local" });
    const [port] = servicePortsOf(object, "IPv4", []);
    assert.ok(port);
    const endpoints = [
      at(1, { zoneHints: ["zone-b"] }),
      at(2, DRAINING),
      at(3, { ready: false, serving: true }),
      at(4, { ready: true, serving: false }),
      at(5, UNREADY),
    ];
    const slices = [slice("dns", endpoints, { ports: [{ name: "", protocol, port: 53 }] })];
    const query = { family: "IPv4", portName: "", protocol, nodeName: "node-a" } as const;
    const found = endpointsOf(slices, query, []);
    const { serving } = selectEndpoints(port, found, { nodeName: "node-a", zone: "zone-a" });
    return serving.map(endpointId);
  };
  assert.deepEqual(servingOf("UDP"), ["10.0.0.1:53", "10.0.0.2:53", "10.0.0.3:53", "10.0.0.4:53"]);
  assert.deepEqual(servingOf("TCP"), []);
});
