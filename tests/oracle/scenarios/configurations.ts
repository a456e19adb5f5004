import {
  ask,
  FRONTENDS,
  NEW_NODE_ADDRESS,
  ORIGINS,
  OTHER_ZONE,
  type Scenario,
  service,
  slice,
  ZONE,
} from "../scenario.ts";
import { CROWD } from "../side.ts";

/** What depends on how the proxy is configured: who counts as a pod, and which node ports answer. */
export function configured(what: string): readonly Scenario[] {
  return [
    ...(["Cluster", "Local"] as const).map((policy): Scenario => ({
      name: `${what}: external policy ${policy}`,
      objects: [
        service({ spec: { externalTrafficPolicy: policy } }),
        slice(["pod-a", "remote"]),
      ],
      probes: [
        ...ask([...ORIGINS, "remote"], FRONTENDS),
        ...ask(ORIGINS, "second node port"),
        ...ask("node", "loopback node port"),
        ...ask("client", ["node port", "second node port"], { kind: "health" }),
        ...ask("node", "loopback node port", { kind: "health" }),
      ],
    })),
    {
      name: `${what}: policies Local, endpoints elsewhere only`,
      objects: [
        service({ spec: { internalTrafficPolicy: "Local", externalTrafficPolicy: "Local" } }),
        slice(["remote"]),
      ],
      probes: [...ask(ORIGINS, FRONTENDS), ...ask(ORIGINS, "second node port")],
    },
    {
      name: `${what}: no endpoints`,
      objects: [service(), slice([])],
      probes: [...ask(ORIGINS, FRONTENDS), ...ask(ORIGINS, "second node port")],
    },
    {
      name: `${what}: an endpoint that meets itself`,
      objects: [service(), slice(["pod-a"])],
      probes: ask("pod-a", FRONTENDS),
    },
  ];
}

const TWICE = [`${CROWD.IPv4.at(-5)}/31`, `${CROWD.IPv6.at(-5)}/127`];

/** Zones of a node whose object names none at first. A change of the zone makes kube-proxy write everything anew. */
export const NO_ZONE_SCENARIOS: readonly Scenario[] = [{
  name: "hints for zones, and a node that comes into one",
  objects: [
    service(),
    slice([{ member: "pod-a", zones: [ZONE] }, { member: "remote", zones: [OTHER_ZONE] }]),
  ],
  changes: [
    { what: "the node is in this zone", zone: ZONE, pauseMs: 500 },
    { what: "the node is in the other zone", zone: OTHER_ZONE, pauseMs: 500 },
  ],
  probes: ask(ORIGINS, FRONTENDS),
}, {
  name: "a range of cluster IPs that two ServiceCIDRs name",
  objects: [
    { kind: "ServiceCIDR", name: "once", cidrs: TWICE },
    { kind: "ServiceCIDR", name: "twice", cidrs: TWICE },
  ],
  changes: [
    { what: "one of them goes", remove: [{ kind: "ServiceCIDR", name: "twice", cidrs: TWICE }] },
    { what: "everything is written anew" },
  ],
  probes: ask(["pod-b", "node"], { IPv4: CROWD.IPv4.at(-5)!, IPv6: CROWD.IPv6.at(-5)! }),
}];

/** Node ports on addresses that the node gets and loses, with nodePortAddresses that hold them. */
export const LIVE_ADDRESS_SCENARIOS: readonly Scenario[] = [
  {
    name: "node ports: an address of the node comes and goes",
    objects: [service({ spec: { externalTrafficPolicy: "Local" } }), slice(["pod-a"])],
    changes: [
      {
        what: "the address comes",
        node: [
          `address add ${NEW_NODE_ADDRESS.IPv4}/32 dev lo`,
          `address add ${NEW_NODE_ADDRESS.IPv6}/128 dev lo nodad`,
        ],
        pauseMs: 1_500,
      },
      {
        what: "it goes and a client still asks for it",
        node: [
          `address del ${NEW_NODE_ADDRESS.IPv4}/32 dev lo`,
          `address del ${NEW_NODE_ADDRESS.IPv6}/128 dev lo`,
        ],
        pauseMs: 1_500,
      },
    ],
    probes: [
      ...ask("client", ["second node port", "new node port"]),
      ...ask("client", ["second node port", "new node port"], { kind: "health" }),
    ],
  },
];
