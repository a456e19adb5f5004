import assert from "node:assert/strict";
import fc from "fast-check";
import { ObjectError, strip } from "../../watch/strip.ts";

const META = {
  namespace: "default",
  name: "web",
  uid: "u",
  creationTimestamp: "2026-01-02T03:04:05Z",
};
const CLUSTER_META = { ...META, namespace: "" };

/** As many absent fields as the API allows. */
const DEFAULTS = [
  {
    name: "a Service",
    raw: { kind: "Service", metadata: { name: "web" }, spec: { ports: [{ port: 80 }] } },
    want: {
      kind: "Service",
      namespace: "default",
      name: "web",
      uid: "",
      creationTimestamp: "",
      type: "ClusterIP",
      clusterIP: "",
      clusterIPs: [],
      ipFamilies: [],
      ports: [{ name: "", protocol: "TCP", port: 80, nodePort: 0 }],
      externalIPs: [],
      ingress: [],
      loadBalancerSourceRanges: [],
      sessionAffinity: "None",
      affinitySeconds: 10800,
      internalTrafficPolicy: "Cluster",
      externalTrafficPolicy: "Cluster",
      healthCheckNodePort: 0,
    },
  },
  {
    name: "an EndpointSlice",
    raw: {
      kind: "EndpointSlice",
      metadata: META,
      addressType: "IPv4",
      endpoints: [{ addresses: [] }],
      ports: null,
    },
    want: {
      kind: "EndpointSlice",
      ...META,
      service: "",
      addressType: "IPv4",
      ports: [],
      endpoints: [{
        address: "",
        ready: true,
        serving: true,
        terminating: false,
        nodeName: "",
        zoneHints: [],
        nodeHints: [],
      }],
      triggerTime: "",
    },
  },
  {
    name: "a Node",
    raw: { kind: "Node", metadata: { ...META } },
    want: {
      kind: "Node",
      ...CLUSTER_META,
      addresses: [],
      podCIDRs: [],
      labels: {},
      taints: [],
      deleting: false,
    },
  },
  {
    name: "a ServiceCIDR",
    raw: { kind: "ServiceCIDR", metadata: { ...META } },
    want: { kind: "ServiceCIDR", ...CLUSTER_META, cidrs: [] },
  },
];
for (const { name, raw, want } of DEFAULTS) {
  Deno.test(`strip() gives the API's defaults to what ${name} leaves out`, () => {
    assert.deepEqual(strip(raw), want);
  });
}

Deno.test("strip() keeps what a Service says", () => {
  const spec = {
    type: "LoadBalancer",
    clusterIP: "10.96.0.10",
    clusterIPs: ["10.96.0.10", "fd00::10"],
    ipFamilies: ["IPv4", "IPv6"],
    ports: [{ name: "dns", protocol: "UDP", port: 53, targetPort: "dns", nodePort: 30053 }],
    externalIPs: ["198.51.100.1"],
    loadBalancerSourceRanges: [" 192.0.2.0/24"],
    sessionAffinity: "ClientIP",
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 60 } },
    internalTrafficPolicy: "Local",
    externalTrafficPolicy: "Local",
    healthCheckNodePort: 31000,
  };
  const ingress = [{ ip: "203.0.113.1" }, { ip: "203.0.113.2", ipMode: "Proxy" }, {
    hostname: "x",
  }];
  const raw = { kind: "Service", metadata: META, spec, status: { loadBalancer: { ingress } } };
  assert.deepEqual(strip(raw), {
    kind: "Service",
    ...META,
    type: "LoadBalancer",
    clusterIP: "10.96.0.10",
    clusterIPs: ["10.96.0.10", "fd00::10"],
    ipFamilies: ["IPv4", "IPv6"],
    ports: [{ name: "dns", protocol: "UDP", port: 53, nodePort: 30053 }],
    externalIPs: ["198.51.100.1"],
    ingress: [{ ip: "203.0.113.1", ipMode: "VIP" }, { ip: "203.0.113.2", ipMode: "Proxy" }],
    loadBalancerSourceRanges: [" 192.0.2.0/24"],
    sessionAffinity: "ClientIP",
    affinitySeconds: 60,
    internalTrafficPolicy: "Local",
    externalTrafficPolicy: "Local",
    healthCheckNodePort: 31000,
  });
});

Deno.test("strip() keeps what an EndpointSlice says, and ports only with a name and a number", () => {
  const raw = {
    kind: "EndpointSlice",
    metadata: {
      ...META,
      labels: { "kubernetes.io/service-name": "web" },
      annotations: { "endpoints.kubernetes.io/last-change-trigger-time": "2026-01-01T00:00:00Z" },
    },
    addressType: "IPv6",
    ports: [
      { name: "http", port: 8080, protocol: "SCTP" },
      { name: "", port: 81 },
      { port: 82 },
      { name: null, port: 83 },
      { name: "zero", port: 0 },
      { name: "all" },
    ],
    endpoints: [{
      addresses: ["fd00::1", "fd00::2"],
      conditions: { ready: false, serving: true, terminating: true },
      nodeName: "Node-1",
      hints: { forZones: [{ name: "a" }, { name: "b" }], forNodes: [{ name: "n" }] },
    }],
  };
  assert.deepEqual(strip(raw), {
    kind: "EndpointSlice",
    ...META,
    service: "web",
    addressType: "IPv6",
    ports: [{ name: "http", protocol: "SCTP", port: 8080 }, {
      name: "",
      protocol: "TCP",
      port: 81,
    }],
    endpoints: [{
      address: "fd00::1",
      ready: false,
      serving: true,
      terminating: true,
      nodeName: "Node-1",
      zoneHints: ["a", "b"],
      nodeHints: ["n"],
    }],
    triggerTime: "2026-01-01T00:00:00Z",
  });
});

Deno.test("strip() keeps what a Node says: internal addresses first", () => {
  const addresses = [
    { type: "Hostname", address: "n" },
    { type: "ExternalIP", address: "203.0.113.9" },
    { type: "InternalIP", address: "192.0.2.1" },
    { type: "InternalIP", address: "2001:db8::1" },
  ];
  const raw = {
    kind: "Node",
    metadata: { ...META, labels: { zone: "a" }, deletionTimestamp: "2026-01-01T00:00:00Z" },
    spec: { podCIDRs: ["10.244.0.0/24"], taints: [{ key: "t", effect: "NoSchedule" }] },
    status: { addresses },
  };
  assert.deepEqual(strip(raw), {
    kind: "Node",
    ...CLUSTER_META,
    addresses: ["192.0.2.1", "2001:db8::1", "203.0.113.9"],
    podCIDRs: ["10.244.0.0/24"],
    labels: { zone: "a" },
    taints: ["t"],
    deleting: true,
  });
});

Deno.test("strip() takes the kind of a list item from its list", () => {
  assert.deepEqual(strip({ metadata: META, spec: { cidrs: ["10.96.0.0/12"] } }, "ServiceCIDR"), {
    kind: "ServiceCIDR",
    ...CLUSTER_META,
    cidrs: ["10.96.0.0/12"],
  });
});

const service = (spec: unknown) => ({ kind: "Service", metadata: META, spec });
const slice = (rest: object) => ({ kind: "EndpointSlice", metadata: META, ...rest });
const UNUSABLE = [
  { raw: null, want: /object "\?": kind "undefined" is not one of Service, / },
  { raw: { kind: "Pod", metadata: META }, want: /object "default\/web": kind "Pod"/ },
  {
    raw: { kind: "Node", metadata: {} },
    want: /Node "\?": 'metadata\.name' .*: current value is ""/,
  },
  {
    raw: { kind: "Node", metadata: 7 },
    want: /'metadata' must be an object: current value is "7"/,
  },
  { raw: service([]), want: /Service "default\/web": 'spec' must be an object/ },
  { raw: service({ ports: {} }), want: /'spec\.ports' must be a list: current value is "\{\}"/ },
  {
    raw: service({ ports: [{}] }),
    want: /'spec\.ports\[0\]\.port' .*: current value is "0"/,
  },
  {
    raw: service({ ports: [{ port: 1 }, "x"] }),
    want: /'spec\.ports\[1\]' must be an object: .*"x"/,
  },
  { raw: service({ ports: [{ port: "80" }] }), want: /port' must be a whole number .* is "80"/ },
  { raw: service({ ports: [{ port: 65536 }] }), want: /from 1 to 65535: current value is "65536"/ },
  {
    raw: service({ ports: [{ port: 1, protocol: "tcp" }] }),
    want: /one of "TCP", "UDP", "SCTP": .*"tcp"/,
  },
  {
    raw: service({ clusterIPs: ["a", 1] }),
    want: /'spec\.clusterIPs\[1\]' must be a string: .*"1"/,
  },
  { raw: service({ ipFamilies: ["ipv4"] }), want: /'spec\.ipFamilies\[0\]' must be one of "IPv4"/ },
  {
    raw: slice({ endpoints: [{ conditions: { ready: 1 } }] }),
    want: /'endpoints\[0\]\.conditions\.ready'/,
  },
  { raw: slice({ addressType: 4 }), want: /'addressType' must be a string: current value is "4"/ },
];
for (const { raw, want } of UNUSABLE) {
  Deno.test(`strip() says what is wrong: ${want.source}`, () => {
    assert.throws(
      () => strip(raw),
      (error) => error instanceof ObjectError && want.test(error.message),
    );
  });
}

Deno.test("strip() refuses what is not an object of the API with an ObjectError, whatever it is", () => {
  const kind = fc.constantFrom("Service", "EndpointSlice", "Node", "ServiceCIDR");
  fc.assert(fc.property(kind, fc.object({ maxDepth: 4 }), (kind, object) => {
    try {
      strip({ ...object, kind });
    } catch (error) {
      assert.ok(error instanceof ObjectError, String(error));
    }
  }));
});

Deno.test("strip() neither changes nor keeps lists of the raw object", () => {
  const raw = service({ clusterIPs: ["10.96.0.1"], ports: [{ port: 80 }] });
  const before = structuredClone(raw);
  const object = strip(raw);
  assert.deepEqual(raw, before);
  (raw.spec as { clusterIPs: string[] }).clusterIPs.push("10.96.0.2");
  assert.deepEqual(object.kind === "Service" && object.clusterIPs, ["10.96.0.1"]);
});

Deno.test("strip() shares what objects have in common", () => {
  const raw = () => ({
    kind: "EndpointSlice",
    metadata: { ...META },
    addressType: "IPv4",
    ports: [{ name: "http", port: 80 }],
    endpoints: [{ addresses: ["10.0.0.1"], hints: { forZones: [{ name: "zone" }] } }],
  });
  const [a, b] = [strip(raw()), strip(raw())];
  assert.ok(a.kind === "EndpointSlice" && b.kind === "EndpointSlice");
  assert.equal(a.ports, b.ports);
  assert.equal(a.endpoints[0]!.zoneHints, b.endpoints[0]!.zoneHints);
  assert.equal(a.endpoints[0]!.nodeHints, b.endpoints[0]!.nodeHints);
  assert.throws(() => (a.ports as unknown[]).push(1), TypeError);
});
