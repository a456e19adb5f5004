import assert from "node:assert/strict";
import type { EndpointSliceObject, ServiceObject } from "../../model/objects.ts";
import { endpoint, service, slice } from "../support/objects.ts";
import { stateOf } from "../support/state.ts";

const HERE = { nodeName: "node-a" };
const WITH_HEALTH_CHECK = {
  type: "LoadBalancer",
  externalTrafficPolicy: "Local",
  healthCheckNodePort: 31000,
} as const;
const HTTP_AND_HTTPS = [{ name: "http", port: 80 }, { name: "https", port: 443 }];

interface Case {
  readonly name: string;
  readonly service?: Parameters<typeof service>[1];
  readonly slices?: readonly EndpointSliceObject[];
  /** The number of local endpoints, or nothing for no health check. */
  readonly want: number | undefined;
}

function portsOf(names: readonly string[]): EndpointSliceObject["ports"] {
  return names.map((name, index) => ({ name, protocol: "TCP", port: 8080 + index }));
}

const CASES: readonly Case[] = [
  { name: "no endpoints count as 0", want: 0 },
  {
    name: "ready endpoints on this node count",
    slices: [slice("web", [endpoint("10.0.1.1", HERE), endpoint("10.0.1.2", HERE), "10.0.2.1"])],
    want: 2,
  },
  {
    name: "endpoints that are not ready or that terminate do not count",
    slices: [slice("web", [
      endpoint("10.0.1.1", { ...HERE, ready: false, serving: false }),
      endpoint("10.0.1.2", { ...HERE, ready: false, terminating: true }),
    ])],
    want: 0,
  },
  {
    name: "an address with two ports counts once",
    service: { ports: HTTP_AND_HTTPS },
    slices: [slice("web", [endpoint("10.0.1.1", HERE)], { ports: portsOf(["http", "https"]) })],
    want: 1,
  },
  {
    name: "the addresses of all ports and slices count together",
    service: { ports: HTTP_AND_HTTPS },
    slices: [
      slice("web", [endpoint("10.0.1.1", HERE)], { ports: portsOf(["http"]) }),
      slice("web", [endpoint("10.0.1.1", HERE), endpoint("10.0.1.2", HERE)], {
        name: "web-b",
        ports: portsOf(["https"]),
      }),
    ],
    want: 2,
  },
  {
    name: "endpoints count that hints keep from being chosen",
    slices: [slice("web", [
      endpoint("10.0.1.1", { ...HERE, nodeHints: ["node-b"] }),
      endpoint("10.0.2.1", { nodeHints: ["node-a"] }),
    ])],
    want: 1,
  },
  {
    name: "externalTrafficPolicy Cluster has none",
    service: { externalTrafficPolicy: "Cluster" },
    want: undefined,
  },
  { name: "another type has none", service: { type: "NodePort" }, want: undefined },
  { name: "a Service without ports has none", service: { ports: [] }, want: undefined },
  {
    name: "a Service of the other family has none",
    service: { clusterIP: "fd00::1" },
    want: undefined,
  },
];

for (const { name, service: changes, slices = [], want } of CASES) {
  Deno.test(`Health checks: ${name}`, () => {
    const web = service("web", { ...WITH_HEALTH_CHECK, ...changes });
    const check = stateOf([web, ...slices]).services.get("default/web")?.healthCheck;
    assert.equal(check?.localEndpoints, want);
    if (want === undefined) return;
    assert.deepEqual([check?.service, check?.port], ["default/web", 31000]);
  });
}

function problemsOf(web: ServiceObject): readonly string[] {
  const problems = stateOf([web]).services.get("default/web")?.problems ?? [];
  return problems.map(({ object, message }) => `${object}: ${message}`);
}

Deno.test("Health checks: a port that is missing or impossible is reported", () => {
  assert.deepEqual(problemsOf(service("web", { ...WITH_HEALTH_CHECK, healthCheckNodePort: 0 })), [
    "default/web: Skipped the health check: externalTrafficPolicy is Local, " +
    "but spec.healthCheckNodePort is not set",
  ]);
  assert.deepEqual(
    problemsOf(service("web", { ...WITH_HEALTH_CHECK, healthCheckNodePort: 70000 })),
    ["default/web: Skipped the health check: spec.healthCheckNodePort 70000 is not between 1 and 65535"],
  );
});

Deno.test("Health checks: a port that does not count is no problem", () => {
  const cluster = { ...WITH_HEALTH_CHECK, externalTrafficPolicy: "Cluster" } as const;
  assert.deepEqual(problemsOf(service("web", { ...cluster, healthCheckNodePort: 0 })), []);
});
