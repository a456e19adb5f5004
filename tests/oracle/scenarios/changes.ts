import {
  ADDRESSES,
  ask,
  clusterService,
  DRAINING,
  FRONTENDS,
  ORIGINS,
  type Scenario,
  service,
  type ServiceCIDRPiece,
  slice,
} from "../scenario.ts";
import { CROWD } from "../side.ts";

const LOCAL = { internalTrafficPolicy: "Local", externalTrafficPolicy: "Local" };

/** A ServiceCIDR around an address that somebody has. */
const PASSING_RANGE: ServiceCIDRPiece = {
  kind: "ServiceCIDR",
  name: "passing",
  cidrs: [`${CROWD.IPv4.at(-3)}/31`, `${CROWD.IPv6.at(-3)}/127`],
};

const HELD_CLUSTER_IP = { IPv4: "10.97.250.7", IPv6: "fd00:96::2:507" } as const;
const HELD = clusterService({
  spec: {
    clusterIP: HELD_CLUSTER_IP.IPv4,
    clusterIPs: [HELD_CLUSTER_IP.IPv4, HELD_CLUSTER_IP.IPv6],
  },
});

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
    name: "change: a range of cluster IPs goes",
    objects: [PASSING_RANGE],
    changes: [{ what: "the ServiceCIDR goes", remove: [PASSING_RANGE], pauseMs: 500 }],
    probes: ask(["pod-b", "node"], { IPv4: CROWD.IPv4.at(-3)!, IPv6: CROWD.IPv6.at(-3)! }),
  },
  {
    name: "change: the node holds a cluster IP itself, as node-local DNS caches do",
    objects: [HELD, slice(["pod-a"])],
    changes: [
      {
        what: "it has the address",
        node: [
          `address add ${HELD_CLUSTER_IP.IPv4}/32 dev lo`,
          `address add ${HELD_CLUSTER_IP.IPv6}/128 dev lo nodad`,
        ],
      },
      { what: "there are no endpoints", apply: [slice([])] },
      {
        what: "it has the address no more",
        node: [
          `address del ${HELD_CLUSTER_IP.IPv4}/32 dev lo`,
          `address del ${HELD_CLUSTER_IP.IPv6}/128 dev lo`,
        ],
      },
    ],
    probes: [
      ...ask(ORIGINS, HELD_CLUSTER_IP),
      // a port that the Service does not have, and on which the node answers
      ...ask(ORIGINS, HELD_CLUSTER_IP, { port: 8080 }),
    ],
  },
  {
    name: "change: the endpoint here drains and goes under policies Local",
    objects: [service({ spec: LOCAL }), slice(["pod-a", "remote"])],
    changes: [
      { what: "it drains", apply: [slice([{ member: "pod-a", conditions: DRAINING }, "remote"])] },
      { what: "it is gone", apply: [slice(["remote"])] },
    ],
    probes: [...ask(ORIGINS, FRONTENDS), ...ask("client", "node port", { kind: "health" })],
  },
  {
    name: "change: the node's pods answer directly, whatever happens",
    objects: [service(), slice(["pod-a"])],
    changes: [{ what: "the Service is deleted", remove: [service()] }],
    probes: ask(["client", "pod-b"], ADDRESSES["pod-a"], { port: 8080 }),
  },
];
