import {
  ask,
  FRONTENDS,
  type Member,
  ORIGINS,
  type Scenario,
  service,
  slice,
} from "../scenario.ts";

const PORTS = [{ name: "dns", port: 53, protocol: "UDP" }] as const;
const TARGETS = [{ name: "dns", protocol: "UDP" }] as const;

function dns(changes: Parameters<typeof service>[0] = {}) {
  return service({ ports: PORTS, ...changes });
}

function answering(...members: readonly Member[]) {
  return slice(members, { ports: TARGETS });
}

/** nft's words for the families. */
const FAMILY_WORDS = ["ip", "ip6"] as const;

const FLOWS = ask(ORIGINS, FRONTENDS, { kind: "flow", port: 53, protocol: "UDP" });

/** Clients that send datagrams from one socket all the time, as DNS clients do. */
export const UDP_FLOW_SCENARIOS: readonly Scenario[] = [
  {
    name: "UDP flow: its endpoint is replaced",
    objects: [dns(), answering("pod-a")],
    changes: [
      { what: "another endpoint", apply: [answering("remote")] },
      { what: "the first one again", apply: [answering("pod-a")] },
    ],
    probes: FLOWS,
  },
  {
    name: "UDP flow: endpoints are added",
    objects: [dns(), answering("pod-a")],
    changes: [{ what: "a second endpoint", apply: [answering("pod-a", "remote")] }],
    probes: FLOWS,
  },
  {
    name: "UDP flow: before its Service has endpoints",
    objects: [dns(), answering()],
    changes: [{ what: "an endpoint", apply: [answering("pod-a")] }],
    probes: FLOWS,
  },
  {
    name: "UDP flow: before there is a Service",
    objects: [],
    changes: [
      { what: "the Service, without endpoints", apply: [dns()] },
      { what: "an endpoint", apply: [answering("pod-a")] },
    ],
    probes: FLOWS,
  },
  {
    name: "UDP flow: its last endpoint goes and another comes",
    objects: [dns(), answering("pod-a")],
    changes: [
      { what: "no endpoints", apply: [answering()] },
      { what: "another endpoint", apply: [answering("remote")] },
    ],
    probes: FLOWS,
  },
  {
    name: "UDP flow: its Service is deleted",
    objects: [dns(), answering("pod-a")],
    changes: [{ what: "the Service is deleted", remove: [dns()] }],
    probes: FLOWS,
  },
  {
    name: "UDP flow: its endpoint drains",
    objects: [dns(), answering("pod-a")],
    changes: [{
      what: "it drains and another is ready",
      apply: [
        slice([
          { member: "pod-a", conditions: { ready: false, serving: true, terminating: true } },
          "remote",
        ], { ports: TARGETS }),
      ],
    }],
    probes: FLOWS,
  },
  {
    name: "UDP flow: its endpoint is no longer ready",
    objects: [dns(), answering("pod-a")],
    changes: [{
      what: "it is unready and another is ready",
      apply: [
        slice([
          { member: "pod-a", conditions: { ready: false, serving: false, terminating: false } },
          "remote",
        ], { ports: TARGETS }),
      ],
    }],
    probes: FLOWS,
  },
  {
    name: "UDP flow: the Service's target port changes",
    objects: [dns(), answering("pod-a")],
    changes: [{
      what: "another target port",
      apply: [slice(["remote"], { ports: [{ ...TARGETS[0], port: 8081 }] })],
    }],
    probes: FLOWS,
  },
  {
    name: "UDP flow: the policy becomes Local",
    objects: [dns(), answering("remote")],
    changes: [{
      what: "external policy Local, and an endpoint here",
      apply: [
        dns({ spec: { externalTrafficPolicy: "Local" } }),
        answering("pod-a", "remote"),
      ],
    }],
    probes: FLOWS,
  },
];

/**
 * A sync that fails, as an element that it takes away is gone already. It is played by itself: endpoints of other UDP
 * Services would make kube-proxy look at all flows again.
 */
export const FAILED_SYNC_SCENARIOS: readonly Scenario[] = [{
  name: "UDP flow: its endpoint is replaced, in a sync that fails",
  objects: [dns(), answering("pod-a")],
  changes: [{
    what: "another sync",
    disturbance: {
      "kube-proxy": FAMILY_WORDS.map((word) => `flush set ${word} kube-proxy hairpin-connections`),
      weir: FAMILY_WORDS.map((word) => `flush set ${word} weir hairpin`),
    },
    apply: [answering("remote")],
    pauseMs: 500,
  }],
  probes: FLOWS,
}];

/**
 * Frontends that come and go while endpoints stay. They are played by themselves, as kube-proxy looks at all flows when
 * the endpoints of any UDP Service have changed.
 */
export const UDP_FRONTEND_SCENARIOS: readonly Scenario[] = [
  {
    name: "UDP flow: before its external IP and load balancer IP are there",
    objects: [dns({ external: "none", ipMode: "none" }), answering("pod-a")],
    changes: [{ what: "both come", apply: [dns()] }],
    probes: ask(ORIGINS, ["external IP", "load balancer IP"], {
      kind: "flow",
      port: 53,
      protocol: "UDP",
    }),
  },
  {
    name: "UDP flow: before its node port is there",
    objects: [
      dns({ type: "ClusterIP", external: "none", ipMode: "none" }),
      answering("pod-a"),
    ],
    changes: [{
      what: "it is a NodePort Service",
      apply: [dns({ type: "NodePort", external: "none", ipMode: "none" })],
    }],
    probes: ask(ORIGINS, "node port", { kind: "flow", port: 53, protocol: "UDP" }),
  },
  {
    name: "UDP flow: its external IP goes",
    objects: [dns(), answering("pod-a")],
    changes: [{ what: "the external IP goes", apply: [dns({ external: "none" })] }],
    probes: ask(ORIGINS, "external IP", { kind: "flow", port: 53, protocol: "UDP" }),
  },
  {
    name: "UDP flow: its load balancer IP and node port go",
    objects: [dns(), answering("pod-a")],
    changes: [{
      what: "it is a ClusterIP Service",
      apply: [dns({ type: "ClusterIP", ipMode: "none" })],
    }],
    probes: FLOWS,
  },
];
