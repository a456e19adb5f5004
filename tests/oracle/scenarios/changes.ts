import {
  ADDRESSES,
  ask,
  clusterService,
  FRONTENDS,
  type Member,
  ORIGINS,
  type Scenario,
  service,
  slice,
} from "../scenario.ts";
import { CROWD } from "../side.ts";

/** A second Service that claims an address of the first. It would lose a tie by its name too. */
const CONFLICTS = [[["pod-a"], ["remote"]], [["pod-a"], []], [[], ["pod-a"]]].map((
  [older = [], younger = []],
): Scenario => ({
  name: `change: two Services with one external IP, endpoints: ${older.join() || "none"} and ${
    younger.join() || "none"
  }`,
  objects: [service(), slice(older as Member[])],
  changes: [
    {
      what: "a second Service claims it",
      apply: [
        service({ name: "younger", external: "web" }),
        slice(younger as Member[], { service: "younger" }),
      ],
    },
    { what: "the older one goes", remove: [service()] },
  ],
  probes: [
    ...ask(ORIGINS, "external IP"),
    ...ask(ORIGINS, ["cluster IP", "node port"], { service: "younger" }),
  ],
}));

/** Changes over time, seen by new connections. */
export const CHANGE_SCENARIOS: readonly Scenario[] = [
  {
    name: "change: to no endpoints and back",
    objects: [service(), slice(["pod-a", "remote"])],
    changes: [
      { what: "no endpoints", apply: [slice([])] },
      { what: "one endpoint", apply: [slice(["remote"])] },
      { what: "the slices are deleted", remove: [slice([])] },
      { what: "a new slice", apply: [slice(["pod-a"])] },
    ],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "change: the local endpoint goes and comes under policies Local",
    objects: [
      service({ spec: { internalTrafficPolicy: "Local", externalTrafficPolicy: "Local" } }),
      slice(["pod-a", "remote"]),
    ],
    changes: [
      { what: "only elsewhere", apply: [slice(["remote"])] },
      { what: "none", apply: [slice([])] },
      { what: "only here", apply: [slice(["pod-a"])] },
    ],
    probes: [
      ...ask(ORIGINS, FRONTENDS),
      ...ask("client", "node port", { kind: "health" }),
    ],
  },
  {
    name: "change: a port is renamed",
    objects: [service(), slice(["pod-a"])],
    changes: [
      {
        what: "the Service's port has another name",
        apply: [service({ ports: [{ name: "web" }] })],
      },
      {
        what: "the slice's port has it too",
        apply: [slice(["pod-a"], { ports: [{ name: "web" }] })],
      },
    ],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "change: a port is renumbered",
    objects: [service(), slice(["pod-a"])],
    changes: [
      { what: "the Service's port is 81", apply: [service({ ports: [{ port: 81 }] })] },
      { what: "its target is another", apply: [slice(["pod-a"], { ports: [{ port: 8081 }] })] },
    ],
    probes: [...ask(ORIGINS, FRONTENDS), ...ask(ORIGINS, FRONTENDS, { port: 81 })],
  },
  {
    name: "change: a port is added and one removed",
    objects: [service(), slice(["pod-a"], { ports: [{}, { name: "admin", port: 8081 }] })],
    changes: [
      {
        what: "a second port",
        apply: [service({ ports: [{}, { name: "admin", port: 81 }] })],
      },
      {
        what: "the first port goes",
        apply: [service({ ports: [{ name: "admin", port: 81 }] })],
      },
    ],
    probes: [
      ...ask(ORIGINS, ["cluster IP", "node port"]),
      ...ask(ORIGINS, ["cluster IP", "node port"], { port: 81 }),
    ],
  },
  {
    name: "change: a Service is deleted and comes back",
    objects: [service(), slice(["pod-a"])],
    changes: [
      { what: "the Service is deleted", remove: [service()] },
      { what: "it is back", apply: [service()] },
    ],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "change: slices come before their Service",
    objects: [slice(["pod-a"])],
    changes: [{ what: "the Service", apply: [service()] }],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "change: types",
    objects: [service(), slice(["pod-a"])],
    changes: [
      {
        what: "it is a NodePort Service",
        apply: [service({ type: "NodePort", external: "none", ipMode: "none" })],
      },
      { what: "it is a ClusterIP Service", apply: [clusterService()] },
      {
        what: "it is an ExternalName Service",
        apply: [service({ type: "ExternalName", external: "none", ipMode: "none" })],
      },
      { what: "it is a LoadBalancer Service", apply: [service()] },
    ],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "change: it becomes another proxy's, and ours again",
    objects: [service(), slice(["pod-a"])],
    changes: [
      {
        what: "the label",
        apply: [service({ labels: { "service.kubernetes.io/service-proxy-name": "other" } })],
      },
      { what: "without the label", apply: [service()] },
    ],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "change: policies",
    objects: [service(), slice(["pod-a", "remote"])],
    changes: [
      {
        what: "external policy Local",
        apply: [service({ spec: { externalTrafficPolicy: "Local" } })],
      },
      {
        what: "internal policy Local",
        apply: [
          service({
            spec: { internalTrafficPolicy: "Local", externalTrafficPolicy: "Local" },
          }),
        ],
      },
      { what: "both Cluster", apply: [service()] },
    ],
    probes: [
      ...ask(ORIGINS, FRONTENDS),
      ...ask("client", "node port", { kind: "health" }),
    ],
  },
  {
    name: "change: from one family to both, and back",
    objects: [service({ families: ["IPv4"] }), slice(["pod-a"])],
    changes: [
      { what: "both families", apply: [service()] },
      { what: "one family", apply: [service({ families: ["IPv4"] })] },
    ],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "change: an external IP and the load balancer's address come and go",
    objects: [service({ external: "none", ipMode: "none" }), slice(["pod-a"])],
    changes: [
      { what: "both come", apply: [service()] },
      { what: "the address is of the other mode", apply: [service({ ipMode: "Proxy" })] },
      { what: "the external IP goes", apply: [service({ external: "none" })] },
    ],
    probes: ask(ORIGINS, ["external IP", "load balancer IP"]),
  },
  {
    name: "change: a slice moves to another Service",
    objects: [
      service(),
      service({ name: "second" }),
      slice(["pod-a"], { name: "moving" }),
    ],
    changes: [
      {
        what: "its label names the other",
        apply: [slice(["pod-a"], { name: "moving", service: "second" })],
      },
    ],
    probes: [
      ...ask(ORIGINS, ["cluster IP", "node port"]),
      ...ask(ORIGINS, ["cluster IP", "node port"], { service: "second" }),
    ],
  },
  ...CONFLICTS,
  {
    name: "change: an open connection goes on when its endpoint and its Service go",
    objects: [service(), slice(["pod-a"])],
    changes: [
      { what: "another endpoint", apply: [slice(["remote"])] },
      { what: "no endpoint", apply: [slice([])] },
      { what: "the Service is deleted", remove: [service()] },
    ],
    probes: ask(ORIGINS, FRONTENDS, { kind: "flow" }),
  },
  {
    name: "change: a range of cluster IPs comes",
    objects: [],
    changes: [{
      what: "a ServiceCIDR around an address that somebody has",
      apply: [{
        kind: "ServiceCIDR",
        name: "extra",
        cidrs: [`${CROWD.IPv4.at(-1)}/31`, `${CROWD.IPv6.at(-1)}/127`],
      }],
      pauseMs: 500,
    }],
    probes: ask(["pod-b", "node"], { IPv4: CROWD.IPv4.at(-1)!, IPv6: CROWD.IPv6.at(-1)! }),
  },
  {
    name: "change: the node's pods answer directly, whatever happens",
    objects: [service(), slice(["pod-a"])],
    changes: [{ what: "the Service is deleted", remove: [service()] }],
    probes: ask(["client", "pod-b"], ADDRESSES["pod-a"], { port: 8080 }),
  },
];
