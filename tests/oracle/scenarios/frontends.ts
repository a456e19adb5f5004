import {
  ADDRESSES,
  ask,
  clusterService,
  FRONTENDS,
  ORIGINS,
  type Scenario,
  SECOND_NODE_ADDRESS,
  service,
  slice,
} from "../scenario.ts";

const DNS = [
  { name: "udp", port: 53, protocol: "UDP" },
  { name: "tcp", port: 53, protocol: "TCP" },
] as const;
const DNS_TARGETS = [
  { name: "udp", port: 8080, protocol: "UDP" },
  { name: "tcp", port: 8081, protocol: "TCP" },
] as const;

/** Addresses, ports and protocols: those of Services and those beside them. */
export const FRONTEND_SCENARIOS: readonly Scenario[] = [
  {
    name: "a port that the Service does not have",
    objects: [service(), slice(["pod-a"])],
    probes: ask(ORIGINS, ["cluster IP", "external IP", "load balancer IP"], { port: 81 }),
  },
  {
    name: "a protocol that the Service does not have",
    objects: [service(), slice(["pod-a"])],
    probes: ask(ORIGINS, FRONTENDS, { protocol: "UDP" }),
  },
  {
    name: "a port of a Service without endpoints that it does not have",
    objects: [service(), slice([])],
    probes: ask(ORIGINS, ["cluster IP", "external IP"], { port: 81 }),
  },
  {
    name: "ICMP echo",
    objects: [service(), slice(["pod-a"])],
    probes: ask(ORIGINS, ["cluster IP", "external IP", "load balancer IP"], { kind: "echo" }),
  },
  {
    name: "SCTP",
    objects: [
      service({ ports: [{ name: "sctp", port: 90, protocol: "SCTP" }] }),
      slice(["pod-a"], { ports: [{ name: "sctp", protocol: "SCTP" }] }),
      service({ name: "empty", ports: [{ name: "sctp", port: 90, protocol: "SCTP" }] }),
    ],
    probes: [
      ...ask(ORIGINS, FRONTENDS, { port: 90, kind: "sctp" }),
      ...ask("client", "cluster IP", { port: 91, kind: "sctp" }),
      ...ask("client", FRONTENDS, { port: 90, kind: "sctp", service: "empty" }),
    ],
  },
  {
    name: "an address of the ServiceCIDR that no Service has",
    objects: [],
    probes: [
      ...ask(ORIGINS, { IPv4: "10.96.77.77", IPv6: "fd00:96::7777" }),
      ...ask(ORIGINS, { IPv4: "10.96.77.77", IPv6: "fd00:96::7777" }, { protocol: "UDP" }),
      ...ask("client", { IPv4: "10.96.77.77", IPv6: "fd00:96::7777" }, { kind: "echo" }),
    ],
  },
  {
    name: "the node port with the other protocol",
    objects: [service({ ports: [{ protocol: "UDP" }] }), slice(["pod-a"])],
    probes: ask(ORIGINS, "node port"),
  },
  {
    name: "the node port on addresses that it is not for",
    objects: [service(), slice(["pod-a"])],
    probes: [
      ...ask(ORIGINS, "second node port"),
      ...ask("node", "loopback node port"),
      ...ask("node", "loopback node port", { protocol: "UDP" }),
    ],
  },
  {
    name: "the node port's number on a pod's address, and the Service's port on the node's",
    objects: [service(), slice(["pod-a"])],
    probes: [
      ...ask("client", ADDRESSES.node),
      ...ask(["pod-b", "node", "client"], ADDRESSES["pod-a"], { port: 8080 }),
      ...ask("client", ADDRESSES["pod-a"], { port: 8082 }),
    ],
  },
  {
    name: "an external IP that is the node's own address",
    objects: [
      service({
        ports: [{ port: 8443 }],
        spec: { externalIPs: [SECOND_NODE_ADDRESS.IPv4, SECOND_NODE_ADDRESS.IPv6] },
      }),
      slice(["pod-a"]),
      service({
        name: "empty",
        ports: [{ port: 8444 }],
        spec: { externalIPs: [SECOND_NODE_ADDRESS.IPv4, SECOND_NODE_ADDRESS.IPv6] },
      }),
      slice([], { service: "empty" }),
    ],
    probes: [
      ...ask(ORIGINS, SECOND_NODE_ADDRESS, { port: 8443 }),
      ...ask(ORIGINS, SECOND_NODE_ADDRESS, { port: 8444 }),
    ],
  },
  {
    name: "ipMode Proxy and ipMode absent",
    objects: [
      service({ ipMode: "Proxy" }),
      slice(["pod-a"]),
      service({ name: "old", ipMode: "absent" }),
      slice(["pod-a"], { service: "old" }),
    ],
    probes: [
      ...ask(ORIGINS, FRONTENDS),
      ...ask(ORIGINS, "load balancer IP", { service: "old" }),
    ],
  },
  {
    name: "a load balancer that has no address yet",
    objects: [service({ ipMode: "none" }), slice(["pod-a"])],
    probes: ask(ORIGINS, ["cluster IP", "load balancer IP", "node port"]),
  },
  {
    name: "a load balancer without node ports",
    objects: [
      service({ spec: { allocateLoadBalancerNodePorts: false } }),
      slice(["pod-a"]),
    ],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "several ports, several protocols on one port",
    objects: [
      service({ ports: [{}, { name: "admin", port: 81 }, ...DNS] }),
      slice(["pod-a", "remote"], {
        ports: [{}, { name: "admin", port: 8081 }, ...DNS_TARGETS],
      }),
    ],
    probes: [
      ...ask("pod-b", ["cluster IP", "node port"]),
      ...ask("pod-b", ["cluster IP", "node port"], { port: 81 }),
      ...ask("client", FRONTENDS, { port: 53 }),
      ...ask("client", FRONTENDS, { port: 53, protocol: "UDP" }),
    ],
  },
  {
    name: "one port has endpoints, the other has none",
    objects: [service({ ports: [{}, { name: "admin", port: 81 }] }), slice(["pod-a"])],
    probes: [...ask(ORIGINS, FRONTENDS), ...ask(ORIGINS, FRONTENDS, { port: 81 })],
  },
  {
    name: "a headless Service",
    objects: [
      service({ type: "Headless", external: "none", ipMode: "none" }),
      slice(["pod-a"], { labels: { "service.kubernetes.io/headless": "" } }),
    ],
    probes: ask(ORIGINS, "cluster IP"),
  },
  {
    name: "an ExternalName Service",
    objects: [
      service({ type: "ExternalName", external: "none", ipMode: "none" }),
      slice(["pod-a"]),
    ],
    probes: ask(ORIGINS, "cluster IP"),
  },
  {
    name: "a Service of another proxy",
    objects: [
      service({ labels: { "service.kubernetes.io/service-proxy-name": "other" } }),
      slice(["pod-a"]),
      service({ name: "blank", labels: { "service.kubernetes.io/service-proxy-name": "" } }),
      slice(["pod-a"], { service: "blank" }),
    ],
    probes: [...ask(ORIGINS, FRONTENDS), ...ask("client", FRONTENDS, { service: "blank" })],
  },
  {
    name: "a Service that is marked as headless, but has a cluster IP",
    objects: [
      service({ labels: { "service.kubernetes.io/headless": "" } }),
      slice(["pod-a"]),
    ],
    probes: ask("client", FRONTENDS),
  },
  {
    name: "slices of another proxy",
    objects: [
      service(),
      slice(["pod-a"], { labels: { "service.kubernetes.io/service-proxy-name": "other" } }),
    ],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "slices that are marked as headless",
    objects: [
      service(),
      slice(["pod-a"], { labels: { "service.kubernetes.io/headless": "" } }),
    ],
    probes: ask("client", FRONTENDS),
  },
  ...(["IPv4", "IPv6"] as const).map((family): Scenario => ({
    name: `a Service of ${family} only, slices of both families`,
    objects: [service({ families: [family] }), slice(["pod-a"])],
    probes: ask(ORIGINS, FRONTENDS),
  })),
  {
    name: "a dual-stack Service that prefers IPv6",
    objects: [service({ families: ["IPv6", "IPv4"] }), slice(["pod-a"])],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "a dual-stack Service with endpoints of one family",
    objects: [service(), slice(["pod-a"], { families: ["IPv4"] })],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "external IPs of both families on a Service of one",
    objects: [
      clusterService({
        families: ["IPv4"],
        spec: { externalIPs: ["198.18.250.1", "2001:db8:1::250:1"] },
      }),
      slice(["pod-a"]),
    ],
    probes: ask(ORIGINS, { IPv4: "198.18.250.1", IPv6: "2001:db8:1::250:1" }),
  },
  {
    name: "an external IP that two Services claim on different ports",
    objects: [
      service(),
      slice(["pod-a"]),
      service({ name: "second", external: "web", ports: [{ port: 81 }] }),
      slice(["remote"], { service: "second" }),
    ],
    probes: [...ask(ORIGINS, "external IP"), ...ask(ORIGINS, "external IP", { port: 81 })],
  },
];

const LONG = `web-${"x".repeat(54)}`;

/** Names that make `namespace/service:port` longer than the 128 bytes of a comment in nftables. */
export const LONG_NAME_SCENARIOS: readonly Scenario[] = [{
  name: "names as long as the API allows, on a Service without endpoints",
  objects: [
    service({ name: LONG, ports: [{ name: "p".repeat(63) }] }),
    service(),
    slice(["pod-a"]),
  ],
  probes: [...ask("client", FRONTENDS), ...ask("client", FRONTENDS, { service: LONG })],
}];
