import {
  ask,
  clusterService,
  DRAINING,
  type EndpointPiece,
  FRONTENDS,
  ORIGINS,
  type Scenario,
  service,
  slice,
} from "../scenario.ts";

const LOCAL = { internalTrafficPolicy: "Local", externalTrafficPolicy: "Local" };

/** Conditions of which a slice says only some: "ready" is true when it is not said, "serving" too. */
const PARTLY_SAID: readonly (readonly [string, EndpointPiece["conditions"] & object])[] = [
  ["ready: false", { ready: false }],
  ["terminating: true", { terminating: true }],
  ["ready: false, terminating: true", { ready: false, terminating: true }],
  ["serving: false", { serving: false }],
];

/** Objects that the API allows and that are seldom seen. */
export const ODD_OBJECT_SCENARIOS: readonly Scenario[] = [
  ...PARTLY_SAID.map(([what, conditions]): Scenario => ({
    name: `an endpoint that says only "${what}"`,
    objects: [clusterService(), slice([{ member: "pod-a", conditions }])],
    probes: ask("client", "cluster IP"),
  })),
  {
    name: "an endpoint with a second address",
    objects: [clusterService(), slice([{ member: "pod-a", also: ["pod-b"] }])],
    probes: ask("client", "cluster IP"),
  },
  {
    name: "an endpoint of which nobody says on which node it is, policies Local",
    objects: [service({ spec: LOCAL }), slice([{ member: "pod-a", hasNode: false }])],
    probes: [...ask(ORIGINS, FRONTENDS), ...ask("client", "node port", { kind: "health" })],
  },
  {
    name: "an endpoint that one slice names three times, once as ready",
    objects: [
      clusterService(),
      slice([
        { member: "pod-a", conditions: DRAINING },
        "pod-a",
        { member: "pod-a", conditions: DRAINING },
        { member: "remote", conditions: DRAINING },
      ]),
    ],
    probes: ask("client", "cluster IP"),
  },
  {
    name: "a slice whose port has no number",
    objects: [
      clusterService(),
      slice(["pod-a"], { name: "one" }),
      slice(["remote"], { name: "two", fields: { ports: [{ name: "http", protocol: "TCP" }] } }),
    ],
    probes: ask("client", "cluster IP"),
  },
  {
    name: "a slice of names",
    objects: [
      clusterService(),
      slice(["pod-a"], { name: "one" }),
      slice([], {
        name: "two",
        families: ["IPv4"],
        fields: { addressType: "FQDN", endpoints: [{ addresses: ["pod.example.org"] }] },
      }),
    ],
    probes: ask("client", "cluster IP"),
  },
  {
    name: "a slice that names no Service",
    objects: [clusterService(), slice(["pod-a"]), slice(["remote"], { name: "two", service: "" })],
    probes: ask("client", "cluster IP"),
  },
  {
    name: "addresses with zeros in front, from before they were refused",
    objects: [
      service({
        spec: {
          externalIPs: ["198.018.250.009", "2001:0db8:0001::0250:0009"],
          loadBalancerSourceRanges: ["192.000.002.096/028", "2001:0db8::0100/128"],
        },
      }),
      slice(["pod-a"], {
        families: ["IPv4"],
        fields: { endpoints: [{ addresses: ["10.244.001.005"] }] },
      }),
      slice(["pod-a"], { name: "six", families: ["IPv6"] }),
    ],
    probes: [
      ...ask(ORIGINS, { IPv4: "198.18.250.9", IPv6: "2001:db8:1::250:9" }),
      ...ask(ORIGINS, ["cluster IP", "load balancer IP", "node port"]),
    ],
  },
  {
    name: "a load balancer that is known by its name too, and says its ports",
    objects: [
      service({
        ingress: [
          { hostname: "lb.example.org" },
          {
            ip: "198.19.250.9",
            ipMode: "VIP",
            ports: [{ port: 443, protocol: "TCP", error: "Example" }],
          },
        ],
      }),
      slice(["pod-a"]),
    ],
    probes: [
      ...ask(ORIGINS, "load balancer IP"),
      ...ask(ORIGINS, { IPv4: "198.19.250.9" }),
      ...ask(ORIGINS, { IPv4: "198.19.250.9" }, { port: 443 }),
    ],
  },
  {
    name: "a load balancer's address that is only asked for",
    objects: [
      service({ ipMode: "none", spec: { loadBalancerIP: "198.19.250.10" } }),
      slice(["pod-a"]),
    ],
    probes: ask(ORIGINS, { IPv4: "198.19.250.10" }),
  },
  {
    name: "source ranges in the annotation of old",
    objects: [
      service({
        annotations: { "service.beta.kubernetes.io/load-balancer-source-ranges": "192.0.2.10/32" },
      }),
      slice(["pod-a"]),
    ],
    probes: ask(ORIGINS, "load balancer IP"),
  },
];
