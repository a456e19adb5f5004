import { ask, FRONTENDS, ORIGINS, type Scenario, service, slice } from "../scenario.ts";

const UDP = [{ protocol: "UDP" }] as const;
const STICKY = {
  spec: {
    sessionAffinity: "ClientIP",
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 3600 } },
  },
} as const;

/** What happens while no proxy runs, and what a restart must not forget. */
export const RESTART_SCENARIOS: readonly Scenario[] = [
  {
    name: "restart: nothing else happens",
    objects: [service(), slice(["pod-a", "remote"])],
    changes: [{ what: "a restart", whileDown: true }],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "restart: Services and endpoints come and go meanwhile",
    objects: [service(), slice(["pod-a"]), service({ name: "old" })],
    changes: [{
      what: "a restart",
      whileDown: true,
      apply: [slice(["remote"]), service({ name: "new" }), slice(["pod-a"], { service: "new" })],
      remove: [service({ name: "old" })],
    }],
    probes: [
      ...ask(ORIGINS, FRONTENDS),
      ...ask(ORIGINS, ["cluster IP", "node port"], { service: "old" }),
      ...ask(ORIGINS, ["cluster IP", "node port"], { service: "new" }),
    ],
  },
  {
    name: "restart: an open connection goes on",
    objects: [service(), slice(["pod-a"])],
    changes: [{
      what: "a restart with another endpoint",
      whileDown: true,
      apply: [slice(["remote"])],
    }],
    probes: ask(ORIGINS, FRONTENDS, { kind: "flow" }),
  },
  {
    name: "restart: a UDP flow whose endpoint stays",
    objects: [service({ ports: UDP }), slice(["pod-a"], { ports: UDP })],
    changes: [{
      what: "a restart with a second endpoint",
      whileDown: true,
      apply: [slice(["pod-a", "remote"], { ports: UDP })],
    }],
    probes: ask(ORIGINS, FRONTENDS, { kind: "flow", protocol: "UDP" }),
  },
  {
    name: "restart: a UDP flow whose endpoint goes meanwhile",
    objects: [service({ ports: UDP }), slice(["pod-a"], { ports: UDP })],
    changes: [{
      what: "a restart with another endpoint",
      whileDown: true,
      apply: [slice(["remote"], { ports: UDP })],
    }],
    probes: ask(ORIGINS, FRONTENDS, { kind: "flow", protocol: "UDP" }),
  },
  {
    name: "restart: UDP flows whose Service, or whose external IP, goes meanwhile",
    objects: [
      service({ ports: UDP }),
      slice(["pod-a"], { ports: UDP }),
      service({ name: "inner", ports: UDP }),
      slice(["pod-a"], { service: "inner", ports: UDP }),
    ],
    changes: [{
      what: "a restart",
      whileDown: true,
      apply: [service({ name: "inner", ports: UDP, external: "none" })],
      remove: [service()],
    }],
    probes: [
      ...ask(ORIGINS, FRONTENDS, { kind: "flow", protocol: "UDP" }),
      ...ask(ORIGINS, FRONTENDS, { kind: "flow", protocol: "UDP", service: "inner" }),
    ],
  },
  {
    name: "restart: a client stays with its endpoint",
    objects: [service(STICKY), slice(["pod-a"])],
    changes: [{
      what: "a restart with a second endpoint",
      whileDown: true,
      apply: [slice(["pod-a", "remote"])],
    }],
    probes: ask(ORIGINS, FRONTENDS),
  },
  {
    name: "restart: a client whose endpoint goes meanwhile",
    objects: [service(STICKY), slice(["pod-a"])],
    changes: [
      { what: "a restart with another endpoint", whileDown: true, apply: [slice(["remote"])] },
      { what: "the first one is back", apply: [slice(["pod-a", "remote"])] },
    ],
    probes: ask(ORIGINS, FRONTENDS),
  },
];
