import {
  ADDRESSES,
  ask,
  DRAINING,
  type EndpointPiece,
  type Member,
  type Scenario,
  service,
  slice,
  UNREADY,
} from "../scenario.ts";

/** `healthzBindAddress` of every run. */
const HEALTH_PORT = 10_256;

const PUBLISHED = { ready: true, serving: false, terminating: true } as const;
const LOCAL = { spec: { externalTrafficPolicy: "Local" } } as const;

/** What is counted, and what is not. */
const COUNTED: readonly (readonly [string, readonly (Member | EndpointPiece)[]])[] = [
  ["two here and one elsewhere", ["pod-a", "pod-b", "remote"]],
  ["elsewhere only", ["remote"]],
  ["none", []],
  ["draining here", [{ member: "pod-a", conditions: DRAINING }]],
  ["one ready and one draining here", ["pod-a", { member: "pod-b", conditions: DRAINING }]],
  ["not ready here", [{ member: "pod-a", conditions: UNREADY }]],
  ["terminating here, published as ready", [{ member: "pod-a", conditions: PUBLISHED }]],
  ["in the network of the node", ["node"]],
];

const TWO_PORTS = [{}, { name: "admin", port: 81 }] as const;

/** What a health check node port answers. */
export const HEALTH_CHECK_SCENARIOS: readonly Scenario[] = [
  ...COUNTED.map(([what, endpoints]): Scenario => ({
    name: `health check: endpoints ${what}`,
    objects: [service(LOCAL), slice(endpoints)],
    probes: ask("client", "node port", { kind: "health" }),
  })),
  {
    name: "health check: from everywhere, at any path, on the node's addresses",
    objects: [service(LOCAL), slice(["pod-a"])],
    probes: [
      ...ask(["pod-b", "remote", "node"], "node port", { kind: "health" }),
      ...ask("client", "node port", { kind: "health", path: "/healthz?verbose" }),
      ...ask("client", "second node port", { kind: "health" }),
      ...ask("node", "loopback node port", { kind: "health" }),
    ],
  },
  {
    name: "health check: one pod on two ports is one",
    objects: [
      service({ ...LOCAL, ports: TWO_PORTS }),
      slice(["pod-a"], { ports: [{}, { name: "admin", port: 8081 }] }),
    ],
    probes: ask("client", "node port", { kind: "health" }),
  },
  {
    name: "health check: two pods, each on a port of its own, are two",
    objects: [
      service({ ...LOCAL, ports: TWO_PORTS }),
      slice(["pod-a"], { name: "one" }),
      slice(["pod-b"], { name: "two", ports: [{ name: "admin", port: 8081 }] }),
    ],
    probes: ask("client", "node port", { kind: "health" }),
  },
  {
    name: "health check: endpoints of one family",
    objects: [service(LOCAL), slice(["pod-a"], { families: ["IPv4"] })],
    probes: ask("client", "node port", { kind: "health" }),
  },
  {
    name: "health check: a Service of one family",
    objects: [service({ ...LOCAL, families: ["IPv6"] }), slice(["pod-a"])],
    probes: ask("client", "node port", { kind: "health" }),
  },
];

/** Health checks where node ports are on every address, and what the proxy says about itself and its node. */
export const NODE_HEALTH_SCENARIOS: readonly Scenario[] = [{
  name: "health check: a Service of one family, node ports on every address",
  objects: [service({ ...LOCAL, families: ["IPv6"] }), slice(["pod-a"])],
  probes: ask("client", ["node port", "second node port"], { kind: "health" }),
}, {
  name: "health check: of the proxy, on a node that an autoscaler takes away",
  objects: [service(LOCAL), slice(["pod-a"])],
  changes: [
    { what: "another taint", taints: ["example.org/busy"], pauseMs: 500 },
    { what: "the autoscaler's taint", taints: ["ToBeDeletedByClusterAutoscaler"], pauseMs: 500 },
  ],
  probes: [
    ...["/healthz", "/livez", "/", "/healthz/ping"].flatMap((path) =>
      ask("client", ADDRESSES.node, { kind: "http", port: HEALTH_PORT, path })
    ),
    ...ask("client", "node port", { kind: "health" }),
  ],
}];
