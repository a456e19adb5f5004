import {
  ask,
  type Change,
  clusterService,
  FRONTENDS,
  type Member,
  ORIGINS,
  type Scenario,
  service,
  slice,
  UNREADY,
} from "../scenario.ts";

/** Fields of a Service whose clients stay with their endpoints for `seconds`. */
function sticky(seconds: number) {
  return {
    sessionAffinity: "ClientIP",
    sessionAffinityConfig: { clientIP: { timeoutSeconds: seconds } },
  };
}

function endpoints(what: string, ...members: readonly Member[]): Change {
  return { what, apply: [slice(members)] };
}

const STICKY = { spec: sticky(3600) } as const;

/** Session affinity `ClientIP`. Choices at random are made visible by endpoints that come after the first connection. */
export const AFFINITY_SCENARIOS: readonly Scenario[] = [
  {
    name: "affinity: every origin has one endpoint",
    objects: [service(STICKY), slice(["pod-a", "remote"])],
    probes: ask(ORIGINS, FRONTENDS, { kind: "count" }),
  },
  {
    name: "affinity: a client stays when endpoints come, and moves when its own goes",
    objects: [service(STICKY), slice(["pod-a"])],
    changes: [
      endpoints("a second endpoint comes", "pod-a", "remote"),
      endpoints("the first one goes", "remote"),
      endpoints("the first one is back", "pod-a", "remote"),
    ],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "affinity: UDP",
    objects: [
      service({ ...STICKY, ports: [{ protocol: "UDP" }] }),
      slice(["pod-a"], { ports: [{ protocol: "UDP" }] }),
    ],
    changes: [{
      what: "a second endpoint comes",
      apply: [slice(["pod-a", "remote"], { ports: [{ protocol: "UDP" }] })],
    }],
    probes: ask(ORIGINS, FRONTENDS, { protocol: "UDP" }),
  },
  {
    name: "affinity: an endpoint that is no longer ready loses its clients",
    objects: [service(STICKY), slice(["pod-a"])],
    changes: [
      {
        what: "it is unready and another is ready",
        apply: [slice([{ member: "pod-a", conditions: UNREADY }, "remote"])],
      },
      endpoints("it is ready again", "pod-a", "remote"),
    ],
    probes: ask(ORIGINS, "cluster IP"),
  },
  {
    name: "affinity: ports of a Service are separate",
    objects: [
      service({ ...STICKY, ports: [{}, { name: "admin", port: 81 }] }),
      slice(["pod-a"], { name: "one" }),
      slice(["remote"], { name: "two", ports: [{ name: "admin" }] }),
    ],
    changes: [{
      what: "both ports have both endpoints",
      apply: [
        slice(["pod-a", "remote"], { name: "one" }),
        slice(["pod-a", "remote"], { name: "two", ports: [{ name: "admin" }] }),
      ],
    }],
    probes: [...ask(ORIGINS, "cluster IP"), ...ask(ORIGINS, "cluster IP", { port: 81 })],
  },
  {
    name: "affinity: many clients, who are all forgotten after the Service's time",
    objects: [
      clusterService({ spec: sticky(1) }),
      slice(["pod-a"]),
      clusterService({ name: "long", ...STICKY }),
      slice(["pod-a"], { service: "long" }),
    ],
    changes: [{
      what: "a second endpoint comes, and two seconds",
      apply: [slice(["pod-a", "remote"]), slice(["pod-a", "remote"], { service: "long" })],
      pauseMs: 2_000,
    }],
    probes: [
      ...ask("client", "cluster IP", { kind: "spread" }),
      ...ask("client", "cluster IP", { kind: "spread", service: "long" }),
    ],
  },
  {
    name: "affinity: is switched on and off",
    objects: [service(), slice(["pod-a"])],
    changes: [
      { what: "affinity is on", apply: [service(STICKY)] },
      endpoints("a second endpoint comes", "pod-a", "remote"),
      { what: "affinity is off", apply: [service()] },
    ],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "affinity: under external policy Local a client outside stays on the node",
    objects: [
      service({ spec: { ...sticky(3600), externalTrafficPolicy: "Local" } }),
      slice(["remote"]),
    ],
    changes: [
      endpoints("an endpoint here comes", "pod-a", "remote"),
      endpoints("the one elsewhere goes", "pod-a"),
      endpoints("it is back", "pod-a", "remote"),
    ],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "affinity: a client stays with its endpoint on frontends that come later",
    objects: [clusterService(STICKY), slice(["pod-a"])],
    changes: [{
      what: "other frontends and a second endpoint come",
      apply: [service(STICKY), slice(["pod-a", "remote"])],
    }],
    // the node's own source address depends on the target
    probes: ask(["pod-b", "client"], FRONTENDS),
  },
  {
    name: "affinity: an endpoint in the network of the node",
    objects: [service(STICKY), slice(["node"])],
    changes: [
      endpoints("a second endpoint comes", "node", "remote"),
      endpoints("the first one goes", "remote"),
    ],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "affinity: the Service's time becomes shorter",
    objects: [clusterService(STICKY), slice(["pod-a"])],
    changes: [
      { what: "it is a second", apply: [clusterService({ spec: sticky(1) })] },
      endpoints("a second endpoint comes, and two seconds", "pod-a", "remote"),
    ].map((change, index) => index === 0 ? change : { ...change, pauseMs: 2_000 }),
    probes: ask("client", "cluster IP", { kind: "spread" }),
  },
  {
    name: "affinity: a hairpin",
    objects: [service(STICKY), slice(["pod-a"])],
    changes: [endpoints("a second endpoint comes", "pod-a", "remote")],
    probes: ask("pod-a", FRONTENDS),
  },
];
