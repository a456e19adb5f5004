import {
  ADDRESSES,
  ask,
  clusterService,
  type Member,
  ORIGINS,
  type Scenario,
  service,
  slice,
} from "../scenario.ts";

/** A second Service that claims an address of the first. It would lose a tie by its name too. */
const EXTERNAL_IPS = [[["pod-a"], ["remote"]], [["pod-a"], []], [[], ["pod-a"]]].map((
  [older = [], younger = []],
): Scenario => ({
  name: `conflict: two Services with one external IP, endpoints: ${older.join() || "none"} and ${
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

const SHARED_VIP = { IPv4: "198.19.250.1", IPv6: "2001:db8:2::250:1" } as const;
const SHARED_CLUSTER_IP = { IPv4: "10.97.250.1", IPv6: "fd00:96::2:501" } as const;
const CLAIMED_CLUSTER_IP = { IPv4: "10.97.250.2", IPv6: "fd00:96::2:502" } as const;
const NOBODY = ["203.0.113.128/25", "2001:db8:9::/64"];

/** A node port, and an external IP with the same number on the node's address. */
const ON_THE_NODE = ([[30_900, ["remote"]], [30_901, []]] as const).map((
  [nodePort, endpoints],
): Scenario => ({
  name: `conflict: a node port and an external IP on the node's address, endpoints of that: ${
    endpoints.join() || "none"
  }`,
  objects: [
    service({
      type: "NodePort",
      external: "none",
      spec: { ports: [{ name: "http", port: 80, protocol: "TCP", nodePort }] },
    }),
    slice(["pod-a"]),
    clusterService({
      name: "outside",
      ports: [{ port: nodePort }],
      spec: { externalIPs: [ADDRESSES.node.IPv4, ADDRESSES.node.IPv6] },
    }),
    slice(endpoints, { service: "outside" }),
  ],
  probes: ask(ORIGINS, ADDRESSES.node, { port: nodePort }),
}));

/** Services that claim the same address and port. */
export const CONFLICT_SCENARIOS: readonly Scenario[] = [
  ...EXTERNAL_IPS,
  {
    name: "conflict: two Services with one load balancer IP",
    objects: [service({ vips: SHARED_VIP }), slice(["pod-a"])],
    changes: [
      {
        what: "a second Service has it",
        apply: [
          service({ name: "younger", vips: SHARED_VIP }),
          slice(["remote"], { service: "younger" }),
        ],
      },
      { what: "the older one goes", remove: [service()] },
    ],
    probes: ask(ORIGINS, SHARED_VIP),
  },
  {
    name: "conflict: two Services with one load balancer IP on different ports",
    objects: [
      service({ vips: { IPv4: "198.19.250.2", IPv6: "2001:db8:2::250:2" } }),
      slice(["pod-a"]),
      service({
        name: "second",
        vips: { IPv4: "198.19.250.2", IPv6: "2001:db8:2::250:2" },
        ports: [{ port: 81 }],
        spec: { loadBalancerSourceRanges: NOBODY },
      }),
      slice(["remote"], { service: "second" }),
    ],
    probes: [80, 81].flatMap((port) =>
      ask(ORIGINS, { IPv4: "198.19.250.2", IPv6: "2001:db8:2::250:2" }, { port })
    ),
  },
  {
    name: "conflict: the Service that loses a load balancer IP has source ranges",
    objects: [
      service({ vips: { IPv4: "198.19.250.3", IPv6: "2001:db8:2::250:3" } }),
      slice(["pod-a"]),
    ],
    changes: [{
      what: "a second Service has it",
      apply: [
        service({
          name: "younger",
          vips: { IPv4: "198.19.250.3", IPv6: "2001:db8:2::250:3" },
          spec: { loadBalancerSourceRanges: NOBODY },
        }),
      ],
    }],
    probes: ask(ORIGINS, { IPv4: "198.19.250.3", IPv6: "2001:db8:2::250:3" }),
  },
  {
    name: "conflict: an external IP that is an older Service's cluster IP",
    objects: [
      clusterService({
        spec: {
          clusterIP: SHARED_CLUSTER_IP.IPv4,
          clusterIPs: [SHARED_CLUSTER_IP.IPv4, SHARED_CLUSTER_IP.IPv6],
        },
      }),
      slice(["pod-a"]),
    ],
    changes: [{
      what: "a second Service claims it",
      apply: [
        clusterService({
          name: "younger",
          spec: { externalIPs: [SHARED_CLUSTER_IP.IPv4, SHARED_CLUSTER_IP.IPv6] },
        }),
        slice(["remote"], { service: "younger" }),
      ],
    }],
    probes: ask(ORIGINS, SHARED_CLUSTER_IP),
  },
  {
    name: "conflict: a cluster IP that is an older Service's external IP",
    objects: [
      clusterService({
        name: "older",
        spec: { externalIPs: [CLAIMED_CLUSTER_IP.IPv4, CLAIMED_CLUSTER_IP.IPv6] },
      }),
      slice(["remote"], { service: "older" }),
    ],
    changes: [{
      what: "a second Service gets it",
      apply: [
        clusterService({
          spec: {
            clusterIP: CLAIMED_CLUSTER_IP.IPv4,
            clusterIPs: [CLAIMED_CLUSTER_IP.IPv4, CLAIMED_CLUSTER_IP.IPv6],
          },
        }),
        slice(["pod-a"]),
      ],
    }],
    probes: ask(ORIGINS, CLAIMED_CLUSTER_IP),
  },
  ...ON_THE_NODE,
];
