import assert from "node:assert/strict";
import { udpChanges } from "../../../backends/conntrack/udp_changes.ts";
import { advance } from "../../../model/advance.ts";
import type { ClusterObject, EndpointObject, ServiceObject } from "../../../model/objects.ts";
import { endpoint, service, settings, slice, snapshotOf } from "../../support/objects.ts";
import { stateOf } from "../../support/state.ts";

const UDP = [{ name: "", protocol: "UDP", port: 8053 }] as const;

function dns(
  changes: Partial<Omit<ServiceObject, "ports">> & { nodePort?: number } = {},
): ServiceObject {
  const { nodePort = 30053, ...rest } = changes;
  return service("dns", {
    type: "LoadBalancer",
    ports: [{ protocol: "UDP", port: 53, nodePort }],
    ...rest,
  });
}

function behind(...endpoints: readonly (string | EndpointObject)[]): ClusterObject {
  return slice("dns", endpoints, { ports: UDP, addressType: "IPv4" });
}

interface Case {
  readonly name: string;
  readonly before: readonly ClusterObject[];
  readonly after: readonly ClusterObject[];
  readonly mayBeStale: boolean;
  readonly gone?: readonly string[];
}

const CASES: readonly Case[] = [
  {
    name: "a new Service: its clients may have been sending already",
    before: [],
    after: [dns(), behind("10.244.1.1")],
    mayBeStale: true,
  },
  {
    name: "a Service that goes",
    before: [dns(), behind("10.244.1.1")],
    after: [],
    mayBeStale: true,
    gone: ["* UDP 30053", "10.96.0.10 UDP 53"],
  },
  {
    name: "an endpoint that is replaced",
    before: [dns(), behind("10.244.1.1")],
    after: [dns(), behind("10.244.1.2")],
    mayBeStale: true,
  },
  {
    name: "the last endpoint goes",
    before: [dns(), behind("10.244.1.1")],
    after: [dns(), behind()],
    mayBeStale: true,
  },
  {
    name: "the first endpoint comes",
    before: [dns(), behind()],
    after: [dns(), behind("10.244.1.1")],
    mayBeStale: true,
  },
  {
    name: "another endpoint comes: every flow stays right",
    before: [dns(), behind("10.244.1.1")],
    after: [dns(), behind("10.244.1.1", "10.244.1.2")],
    mayBeStale: false,
  },
  {
    name: "an endpoint begins to drain, and still serves",
    before: [dns(), behind("10.244.1.1", "10.244.1.2")],
    after: [
      dns(),
      behind("10.244.1.1", endpoint("10.244.1.2", { ready: false, terminating: true })),
    ],
    mayBeStale: false,
  },
  {
    name: "an endpoint stops to serve",
    before: [dns(), behind("10.244.1.1", "10.244.1.2")],
    after: [dns(), behind("10.244.1.1", endpoint("10.244.1.2", { ready: false, serving: false }))],
    mayBeStale: true,
  },
  {
    name: "a field that has nothing to do with flows",
    before: [dns(), behind("10.244.1.1")],
    after: [dns({ sessionAffinity: "ClientIP" }), behind("10.244.1.1")],
    mayBeStale: false,
  },
  {
    name: "an external IP comes, without any change of the endpoints",
    before: [dns(), behind("10.244.1.1")],
    after: [dns({ externalIPs: ["198.51.100.1"] }), behind("10.244.1.1")],
    mayBeStale: true,
  },
  {
    name: "the load balancer IP changes",
    before: [dns({ ingress: [{ ip: "198.51.100.1", ipMode: "VIP" }] }), behind("10.244.1.1")],
    after: [dns({ ingress: [{ ip: "198.51.100.2", ipMode: "VIP" }] }), behind("10.244.1.1")],
    mayBeStale: true,
    gone: ["198.51.100.1 UDP 53"],
  },
  {
    name: "the node port changes",
    before: [dns(), behind("10.244.1.1")],
    after: [dns({ nodePort: 30054 }), behind("10.244.1.1")],
    mayBeStale: true,
    gone: ["* UDP 30053"],
  },
  {
    name: "a frontend passes to the Service that lost the conflict",
    before: [
      dns(),
      behind("10.244.1.1"),
      service("young", {
        creationTimestamp: "2026-02-01T00:00:00Z",
        clusterIP: "10.96.0.20",
        externalIPs: ["10.96.0.10"],
        ports: [{ protocol: "UDP", port: 53 }],
      }),
    ],
    after: [
      service("young", {
        creationTimestamp: "2026-02-01T00:00:00Z",
        clusterIP: "10.96.0.20",
        externalIPs: ["10.96.0.10"],
        ports: [{ protocol: "UDP", port: 53 }],
      }),
    ],
    mayBeStale: true,
    gone: ["* UDP 30053"],
  },
  {
    name: "everything about a TCP Service",
    before: [service("web"), slice("web", ["10.244.1.1"])],
    after: [service("web", { clusterIP: "10.96.0.11" }), slice("web", ["10.244.1.2"])],
    mayBeStale: false,
  },
];

for (const { name, before, after, mayBeStale, gone = [] } of CASES) {
  Deno.test(`UDP flows ${mayBeStale ? "may be stale" : "stay right"} after: ${name}`, () => {
    const change = { snapshot: snapshotOf(...after), settings: settings(), services: "all" };
    const changes = udpChanges(advance(stateOf(before), { ...change, services: "all" }));
    assert.equal(changes.mayBeStale, mayBeStale);
    assert.deepEqual([...changes.goneFrontends].sort(), gone);
    assert.deepEqual(changes.goneNodePortIPs, []);
  });
}

Deno.test("A node address that goes or comes may make flows to node ports stale", () => {
  const objects = [dns(), behind("10.244.1.1")];
  const move = (from: readonly string[], to: readonly string[]) =>
    udpChanges(advance(stateOf(objects, { settings: settings({ nodePortAddresses: from }) }), {
      snapshot: snapshotOf(...objects),
      settings: settings({ nodePortAddresses: to }),
      services: new Set(),
    }));
  const one = ["192.0.2.10"];
  const two = ["192.0.2.10", "192.0.2.11"];
  assert.deepEqual(move(two, one), {
    mayBeStale: true,
    goneFrontends: [],
    goneNodePortIPs: ["192.0.2.11"],
  });
  assert.equal(move(one, two).mayBeStale, true);
  assert.equal(move(two, two).mayBeStale, false);
});
