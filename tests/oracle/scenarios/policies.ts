import {
  ask,
  DRAINING,
  type EndpointPiece,
  FRONTENDS,
  type Member,
  ORIGINS,
  type Scenario,
  service,
  slice,
  UNREADY,
} from "../scenario.ts";

const POLICIES = ["Cluster", "Local"] as const;
const PUBLISHED = { ready: true, serving: false, terminating: true } as const;

/** What can be said about a Service's endpoints, as far as policies distinguish it. */
const ENDPOINTS: readonly (readonly [string, readonly (Member | EndpointPiece)[]])[] = [
  ["here and elsewhere", ["pod-a", "remote"]],
  ["elsewhere only", ["remote"]],
  ["none", []],
  ["draining here, ready elsewhere", [{ member: "pod-a", conditions: DRAINING }, "remote"]],
  ["ready here, draining elsewhere", ["pod-a", { member: "remote", conditions: DRAINING }]],
  ["draining elsewhere only", [{ member: "remote", conditions: DRAINING }]],
  ["draining here and elsewhere", [
    { member: "pod-a", conditions: DRAINING },
    { member: "remote", conditions: DRAINING },
  ]],
  ["not ready here, ready elsewhere", [{ member: "pod-a", conditions: UNREADY }, "remote"]],
  ["none that is usable", [{ member: "pod-a", conditions: UNREADY }]],
  ["serving here, neither ready nor terminating", [
    { member: "pod-a", conditions: { ready: false, serving: true, terminating: false } },
  ]],
  ["terminating here, published as ready", [{ member: "pod-a", conditions: PUBLISHED }]],
  ["in the network of the node", ["node", "remote"]],
];

/** Every combination of policies, frontends, origins and states of endpoints. */
export const POLICY_SCENARIOS: readonly Scenario[] = POLICIES.flatMap((internal) =>
  POLICIES.flatMap((external) =>
    ENDPOINTS.map(([state, endpoints]) => ({
      name: `internal ${internal}, external ${external}, endpoints: ${state}`,
      objects: [
        service({
          spec: { internalTrafficPolicy: internal, externalTrafficPolicy: external },
        }),
        slice(endpoints),
      ],
      probes: ask(ORIGINS, FRONTENDS),
    }))
  )
);

/** What policies do to UDP, to pods of other nodes, and to an endpoint that meets itself. */
export const POLICY_DETAILS: readonly Scenario[] = [
  ...POLICIES.map((policy): Scenario => ({
    name: `UDP under both policies ${policy}`,
    objects: [
      service({
        ports: [{ name: "dns", port: 53, protocol: "UDP" }],
        spec: { internalTrafficPolicy: policy, externalTrafficPolicy: policy },
      }),
      slice(["pod-a", "remote"], { ports: [{ name: "dns", protocol: "UDP" }] }),
    ],
    probes: ask(ORIGINS, FRONTENDS, { port: 53, protocol: "UDP" }),
  })),
  ...POLICIES.map((policy): Scenario => ({
    name: `an endpoint that meets itself, policies ${policy}`,
    objects: [
      service({ spec: { internalTrafficPolicy: policy, externalTrafficPolicy: policy } }),
      slice(["pod-a"]),
    ],
    probes: ask(["pod-a", "pod-b", "remote"], FRONTENDS),
  })),
  {
    name: "an endpoint that meets itself, UDP",
    objects: [
      service({ ports: [{ protocol: "UDP" }] }),
      slice(["pod-a"], { ports: [{ protocol: "UDP" }] }),
    ],
    probes: ask("pod-a", FRONTENDS, { protocol: "UDP" }),
  },
  {
    name: "the node meets an endpoint in its own network",
    objects: [service({ spec: { externalTrafficPolicy: "Local" } }), slice(["node"])],
    probes: ask(["node", "pod-b", "client"], FRONTENDS),
  },
  {
    name: "external policy Local on a NodePort Service",
    objects: [
      service({ type: "NodePort", external: "none", spec: { externalTrafficPolicy: "Local" } }),
      slice(["remote"]),
    ],
    probes: ask(ORIGINS, ["cluster IP", "node port"]),
  },
  {
    name: "external policy Local on a Service that nobody can reach from outside",
    objects: [
      service({
        external: "none",
        ipMode: "none",
        spec: { externalTrafficPolicy: "Local", allocateLoadBalancerNodePorts: false },
      }),
      slice(["remote"]),
    ],
    probes: ask(ORIGINS, "cluster IP"),
  },
  {
    name: "external policy Local on a ClusterIP Service with an external IP",
    objects: [
      service({ type: "ClusterIP", ipMode: "none", spec: { externalTrafficPolicy: "Local" } }),
      slice(["pod-a", "remote"]),
    ],
    probes: ask(ORIGINS, ["cluster IP", "external IP"]),
  },
];
