import {
  ask,
  clusterService,
  DRAINING,
  FRONTENDS,
  NODE_NAME,
  ORIGINS,
  OTHER_NODE_NAME,
  OTHER_ZONE,
  type Scenario,
  service,
  slice,
  UNREADY,
  ZONE,
} from "../scenario.ts";

/** A pod here and one elsewhere, each with zones in its hints. */
function hinted(here: readonly string[], elsewhere: readonly string[]) {
  return [
    { member: "pod-a", ...(here.length > 0 ? { zones: here } : {}) },
    { member: "remote", ...(elsewhere.length > 0 ? { zones: elsewhere } : {}) },
  ] as const;
}

/** Slices, and what they say about endpoints. */
export const ENDPOINT_SCENARIOS: readonly Scenario[] = [
  {
    name: "named ports with different numbers in several slices",
    objects: [
      service(),
      slice(["pod-a"], { name: "one" }),
      slice(["remote"], { name: "two", ports: [{ port: 8081 }] }),
    ],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "a slice whose port has another name",
    objects: [
      service(),
      slice(["pod-a"], { name: "one" }),
      slice(["remote"], { name: "two", ports: [{ name: "other" }] }),
    ],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "a slice whose port has another protocol",
    objects: [service(), slice(["pod-a"], { ports: [{ protocol: "UDP" }] })],
    probes: [...ask("client", FRONTENDS), ...ask("client", FRONTENDS, { protocol: "UDP" })],
  },
  {
    name: "a port without a name",
    objects: [service({ ports: [{ name: "" }] }), slice(["pod-a"], { ports: [{ name: "" }] })],
    probes: ask("client", FRONTENDS),
  },
  {
    name: "the same endpoints in two slices",
    objects: [
      service(),
      slice(["pod-a", "remote"], { name: "one" }),
      slice(["remote", "pod-a"], { name: "two" }),
    ],
    probes: ask("client", FRONTENDS),
  },
  {
    name: "the same pod on two ports",
    objects: [
      service(),
      slice(["pod-a"], { name: "one" }),
      slice(["pod-a"], { name: "two", ports: [{ port: 8081 }] }),
    ],
    probes: ask(["pod-a", "client"], FRONTENDS),
  },
  {
    name: "seven endpoints",
    objects: [
      service(),
      slice(["pod-a", "pod-b", "remote", "node"], { name: "one" }),
      slice(["pod-a", "pod-b", "remote"], { name: "two", ports: [{ port: 8081 }] }),
    ],
    probes: ask("client", FRONTENDS),
  },
  {
    name: "an endpoint that terminates in one slice and is ready in another",
    objects: [
      service(),
      slice([{ member: "pod-a", conditions: DRAINING }], { name: "one" }),
      slice(["pod-a"], { name: "two" }),
      slice([{ member: "remote", conditions: DRAINING }], { name: "three" }),
    ],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "an endpoint that is unready in one slice and ready in another",
    objects: [
      service(),
      slice([{ member: "pod-a", conditions: UNREADY }], { name: "one" }),
      slice(["pod-a"], { name: "two" }),
    ],
    probes: ask(ORIGINS, "cluster IP"),
  },
  {
    name: "slices without endpoints, without ports, and of no Service",
    objects: [
      service(),
      slice([], { name: "one" }),
      { ...slice(["remote"], { name: "two" }), ports: [] },
      slice(["remote"], { name: "three", service: "nobody" }),
      slice(["pod-a"], { name: "four" }),
    ],
    probes: ask("client", FRONTENDS),
  },
  {
    name: "hints for this zone and the other",
    objects: [clusterService(), slice(hinted([ZONE], [OTHER_ZONE]))],
    probes: ask(ORIGINS, "cluster IP"),
  },
  {
    name: "hints that name this zone only for the endpoint elsewhere",
    objects: [service(), slice(hinted([OTHER_ZONE], [OTHER_ZONE, ZONE]))],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "hints that name no zone of ours",
    objects: [clusterService(), slice(hinted([OTHER_ZONE], [OTHER_ZONE]))],
    probes: ask(ORIGINS, "cluster IP"),
  },
  {
    name: "an endpoint without a hint",
    objects: [clusterService(), slice(hinted([ZONE], []))],
    probes: ask(ORIGINS, "cluster IP"),
  },
  {
    name: "an unready endpoint without a hint does not matter",
    objects: [
      clusterService(),
      slice([
        { member: "pod-a", zones: [ZONE] },
        { member: "remote", zones: [OTHER_ZONE] },
        { member: "node", conditions: UNREADY },
      ]),
    ],
    probes: ask(ORIGINS, "cluster IP"),
  },
  {
    name: "only an unready endpoint is hinted for this zone",
    objects: [
      clusterService(),
      slice([
        { member: "pod-a", zones: [ZONE], conditions: UNREADY },
        { member: "remote", zones: [OTHER_ZONE] },
      ]),
    ],
    probes: ask(ORIGINS, "cluster IP"),
  },
  {
    name: "only a draining endpoint is hinted for this zone",
    objects: [
      clusterService(),
      slice([
        { member: "pod-a", zones: [ZONE], conditions: DRAINING },
        { member: "remote", zones: [OTHER_ZONE] },
      ]),
    ],
    probes: ask(ORIGINS, "cluster IP"),
  },
  {
    name: "hints for nodes come before hints for zones",
    objects: [
      clusterService(),
      slice([
        { member: "pod-a", nodes: [NODE_NAME], zones: [OTHER_ZONE] },
        { member: "remote", nodes: [OTHER_NODE_NAME], zones: [ZONE] },
      ]),
    ],
    probes: ask(ORIGINS, "cluster IP"),
  },
  {
    name: "hints for other nodes fall back to hints for zones",
    objects: [
      clusterService(),
      slice([
        { member: "pod-a", nodes: [OTHER_NODE_NAME], zones: [OTHER_ZONE] },
        { member: "remote", nodes: [OTHER_NODE_NAME], zones: [ZONE] },
      ]),
    ],
    probes: ask(ORIGINS, "cluster IP"),
  },
  {
    name: "a hint for a node on one endpoint only",
    objects: [
      clusterService(),
      slice([{ member: "pod-a", nodes: [NODE_NAME] }, "remote"]),
    ],
    probes: ask(ORIGINS, "cluster IP"),
  },
  {
    name: "hints do not touch policy Local",
    objects: [
      service({
        spec: { internalTrafficPolicy: "Local", externalTrafficPolicy: "Local" },
      }),
      slice(hinted([OTHER_ZONE], [ZONE])),
    ],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "trafficDistribution without hints says nothing",
    objects: [
      clusterService({ spec: { trafficDistribution: "PreferSameNode" } }),
      slice(["pod-a", "remote"]),
    ],
    probes: ask(ORIGINS, "cluster IP"),
  },
  {
    name: "publishNotReadyAddresses without conditions says nothing",
    objects: [
      clusterService({ spec: { publishNotReadyAddresses: true } }),
      slice([{ member: "pod-a", conditions: UNREADY }]),
    ],
    probes: ask(ORIGINS, "cluster IP"),
  },
];
