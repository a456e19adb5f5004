import {
  ADDRESSES,
  ask,
  FRONTENDS,
  HELD_VIP,
  ORIGINS,
  type Scenario,
  service,
  slice,
} from "../scenario.ts";

/** The sources that a load balancer's addresses may be limited to. */
const RANGES: readonly (readonly [string, readonly string[]])[] = [
  ["that hold the client", ["192.0.2.96/28", "2001:db8::100/128"]],
  ["that hold the pod", ["10.244.1.6/32", "fd00:244::1:6/128"]],
  ["that hold the node", ["192.0.2.10/32", "2001:db8::10/128"]],
  ["that hold nobody here", ["203.0.113.128/25", "2001:db8:9::/64"]],
  ["that overlap", ["192.0.2.0/24", "192.0.2.100/32", "2001:db8::/64", "2001:db8::100/128"]],
  ["with everybody", ["0.0.0.0/0", "::/0"]],
  ["with everybody and others", ["203.0.113.128/25", "0.0.0.0/0", "::/0", "2001:db8:9::/64"]],
  ["with blanks around them", [" 192.0.2.96/28", "2001:db8::100/128 "]],
  ["of IPv4 only", ["192.0.2.96/28"]],
  ["of IPv6 only", ["2001:db8::100/128"]],
  ["with everybody in IPv4 only", ["0.0.0.0/0"]],
];

const RANGES_WITH_NODE = ["192.0.2.10/32", "2001:db8::10/128"];
const RANGES_WITHOUT_NODE = ["192.0.2.100/32", "2001:db8::100/128"];

/** `loadBalancerSourceRanges`. */
export const SOURCE_RANGE_SCENARIOS: readonly Scenario[] = [
  ...RANGES.map(([what, ranges]): Scenario => ({
    name: `source ranges ${what}`,
    objects: [service({ spec: { loadBalancerSourceRanges: ranges } }), slice(["pod-a"])],
    probes: ask(ORIGINS, FRONTENDS),
  })),
  {
    name: "source ranges on a Service without endpoints",
    objects: [
      service({ spec: { loadBalancerSourceRanges: ["192.0.2.96/28", "2001:db8::100/128"] } }),
      slice([]),
    ],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "source ranges with external policy Local",
    objects: [
      service({
        spec: {
          loadBalancerSourceRanges: ["192.0.2.96/28", "2001:db8::100/128"],
          externalTrafficPolicy: "Local",
        },
      }),
      slice(["pod-a", "remote"]),
    ],
    probes: ask(ORIGINS, FRONTENDS),
  },
  ...([["with", RANGES_WITH_NODE], ["without", RANGES_WITHOUT_NODE]] as const).map((
    [what, ranges],
  ): Scenario => ({
    name: `source ranges ${what} the node, which holds the load balancer's address`,
    objects: [
      service({
        vips: HELD_VIP,
        ports: [{ port: what === "with" ? 8440 : 8441 }],
        spec: { loadBalancerSourceRanges: ranges },
      }),
      slice(["pod-a"]),
    ],
    // the node's connections to its own address come from that address
    probes: ask(ORIGINS, HELD_VIP, { port: what === "with" ? 8440 : 8441 }),
  })),
  {
    name: "source ranges do not concern a port that the Service does not have",
    objects: [
      service({
        spec: { loadBalancerSourceRanges: ["203.0.113.128/25", "2001:db8:9::/64"] },
      }),
      slice(["pod-a"]),
    ],
    probes: ask(ORIGINS, "load balancer IP", { port: 81 }),
  },
  {
    name: "source ranges come, change and go",
    objects: [service(), slice(["pod-a"])],
    changes: [
      {
        what: "ranges that hold nobody",
        apply: [
          service({
            spec: { loadBalancerSourceRanges: ["203.0.113.128/25", "2001:db8:9::/64"] },
          }),
        ],
      },
      {
        what: "ranges that hold the client",
        apply: [
          service({
            spec: {
              loadBalancerSourceRanges: [
                `${ADDRESSES.client.IPv4}/32`,
                `${ADDRESSES.client.IPv6}/128`,
              ],
            },
          }),
        ],
      },
      { what: "no ranges", apply: [service()] },
    ],
    probes: ask(ORIGINS, "load balancer IP"),
  },
];
