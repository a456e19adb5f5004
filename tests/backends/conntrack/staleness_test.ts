import assert from "node:assert/strict";
import { type Gone, judgeOf, type StaleReason } from "../../../backends/conntrack/staleness.ts";
import type { Flow } from "../../../backends/conntrack/flow.ts";
import type { Family } from "../../../model/family.ts";
import type { ClusterObject } from "../../../model/objects.ts";
import { endpoint, service, settings, slice } from "../../support/objects.ts";
import { stateOf } from "../../support/state.ts";

const UDP = [{ name: "", protocol: "UDP", port: 8053 }] as const;
const NOTHING: Gone = { frontends: new Set(), nodePortIPs: new Set(), forgotten: false };

/** `dns` has every kind of frontend and endpoints in every condition; `empty` has none; `web` is TCP. */
const CLUSTER: readonly ClusterObject[] = [
  service("dns", {
    type: "LoadBalancer",
    externalIPs: ["198.51.100.1"],
    ingress: [{ ip: "198.51.100.2", ipMode: "VIP" }],
    ports: [{ protocol: "UDP", port: 53, nodePort: 30053 }],
  }),
  slice("dns", [
    "10.244.1.1",
    endpoint("10.244.1.2", { ready: false, serving: true, terminating: true }),
    endpoint("10.244.1.3", { ready: false, serving: true }),
    endpoint("10.244.1.4", { ready: true, serving: false }),
    endpoint("10.244.1.9", { ready: false, serving: false, terminating: true }),
  ], { ports: UDP }),
  service("empty", {
    clusterIP: "10.96.0.11",
    type: "NodePort",
    ports: [{ protocol: "UDP", port: 53, nodePort: 30054 }],
  }),
  service("web", {
    clusterIP: "10.96.0.12",
    type: "NodePort",
    ports: [{ port: 80, nodePort: 30080 }],
  }),
  slice("web", ["10.244.1.1"]),
];

/** What a client sent to and who answers, as `address:port`. */
interface Case {
  readonly name: string;
  readonly flow: readonly [destination: string, replySource: string];
  readonly want: StaleReason | "right";
  readonly gone?: Partial<Gone>;
  readonly nodePortAddresses?: readonly string[];
}

const CASES: readonly Case[] = [
  // The reference's cases (BEHAVIOUR.md, checklist 85 to 87).
  {
    name: "a ready endpoint",
    flow: ["10.96.0.10:53", "10.244.1.1:8053"],
    want: "right",
  },
  {
    name: "the right address, an old port",
    flow: ["10.96.0.10:53", "10.244.1.1:5353"],
    want: "endpoint-gone",
  },
  {
    name: "a deleted endpoint",
    flow: ["10.96.0.10:53", "10.244.1.77:8053"],
    want: "endpoint-gone",
  },
  {
    name: "an endpoint that no longer serves",
    flow: ["10.96.0.10:53", "10.244.1.9:8053"],
    want: "endpoint-gone",
  },
  {
    name: "an endpoint that serves while it terminates",
    flow: ["10.96.0.10:53", "10.244.1.2:8053"],
    want: "right",
  },
  {
    name: "an endpoint that serves but gets no new traffic",
    flow: ["10.96.0.10:53", "10.244.1.3:8053"],
    want: "right",
  },
  {
    name: "an endpoint that is published before it serves",
    flow: ["10.96.0.10:53", "10.244.1.4:8053"],
    want: "right",
  },
  {
    name: "a flow that bypasses the cluster IP",
    flow: ["10.96.0.10:53", "10.96.0.10:53"],
    want: "not-translated",
  },
  {
    name: "a flow that bypasses the external IP",
    flow: ["198.51.100.1:53", "198.51.100.1:53"],
    want: "not-translated",
  },
  {
    name: "a deleted endpoint behind the external IP",
    flow: ["198.51.100.1:53", "10.244.1.77:8053"],
    want: "endpoint-gone",
  },
  {
    name: "a deleted endpoint behind the load balancer IP",
    flow: ["198.51.100.2:53", "10.244.1.77:8053"],
    want: "endpoint-gone",
  },
  {
    name: "an endpoint behind the load balancer IP",
    flow: ["198.51.100.2:53", "10.244.1.1:8053"],
    want: "right",
  },
  {
    name: "another port of a cluster IP",
    flow: ["10.96.0.10:54", "10.244.1.77:8053"],
    want: "right",
  },
  {
    name: "UDP to a port that is offered over TCP",
    flow: ["10.96.0.12:80", "10.244.1.77:8080"],
    want: "right",
  },
  {
    name: "UDP to a node port that is offered over TCP",
    flow: ["192.0.2.10:30080", "10.244.1.77:8080"],
    want: "right",
  },
  // Node ports: on the node's addresses only, where the reference takes any address.
  {
    name: "an endpoint behind the node port",
    flow: ["192.0.2.10:30053", "10.244.1.1:8053"],
    want: "right",
  },
  {
    name: "a deleted endpoint behind the node port",
    flow: ["192.0.2.10:30053", "10.244.1.77:8053"],
    want: "endpoint-gone",
  },
  {
    name: "a flow that bypasses the node port",
    flow: ["192.0.2.10:30053", "192.0.2.10:30053"],
    want: "not-translated",
  },
  {
    name: "the number of a node port on another machine",
    flow: ["203.0.113.5:30053", "203.0.113.5:30053"],
    want: "right",
  },
  {
    name: "somebody else's translation of that number on another machine",
    flow: ["203.0.113.5:30053", "10.99.0.1:9000"],
    want: "right",
  },
  {
    name: "a node port on an address of the node that has none",
    flow: ["192.0.2.10:30053", "192.0.2.10:30053"],
    nodePortAddresses: ["192.0.2.11"],
    want: "right",
  },
  {
    name: "a node port on loopback",
    flow: ["127.0.0.1:30053", "127.0.0.1:30053"],
    want: "right",
  },
  // Services without endpoints (checklist 88): the reference leaves their flows to the dead.
  {
    name: "a flow to the last endpoint, which is gone",
    flow: ["10.96.0.11:53", "10.244.1.77:8053"],
    want: "no-endpoints",
  },
  {
    name: "a flow that bypasses a Service to be rejected",
    flow: ["10.96.0.11:53", "10.96.0.11:53"],
    want: "no-endpoints",
  },
  {
    name: "the same behind a node port",
    flow: ["192.0.2.10:30054", "10.244.1.77:8053"],
    want: "no-endpoints",
  },
  // Frontends that are gone.
  {
    name: "a load balancer IP that was taken away",
    flow: ["198.51.100.3:53", "10.244.1.1:8053"],
    gone: { frontends: new Set(["198.51.100.3 UDP 53"]) },
    want: "frontend-gone",
  },
  {
    name: "an untranslated flow to it, which is somebody else's by now",
    flow: ["198.51.100.3:53", "198.51.100.3:53"],
    gone: { frontends: new Set(["198.51.100.3 UDP 53"]) },
    want: "right",
  },
  {
    name: "another port of it",
    flow: ["198.51.100.3:54", "10.244.1.1:8053"],
    gone: { frontends: new Set(["198.51.100.3 UDP 53"]) },
    want: "right",
  },
  {
    name: "an address that was never offered",
    flow: ["198.51.100.4:53", "10.244.1.1:8053"],
    want: "right",
  },
  {
    name: "a frontend that was gone and is back",
    flow: ["10.96.0.10:53", "10.244.1.1:8053"],
    gone: { frontends: new Set(["10.96.0.10 UDP 53"]) },
    want: "right",
  },
  {
    name: "an old node port",
    flow: ["192.0.2.10:30999", "10.244.1.1:8053"],
    gone: { frontends: new Set(["* UDP 30999"]) },
    want: "frontend-gone",
  },
  {
    name: "the number of an old node port on another machine",
    flow: ["203.0.113.5:30999", "10.244.1.1:8053"],
    gone: { frontends: new Set(["* UDP 30999"]) },
    want: "right",
  },
  {
    name: "a node port on an address that the node has lost",
    flow: ["192.0.2.66:30053", "10.244.1.1:8053"],
    gone: { nodePortIPs: new Set(["192.0.2.66"]) },
    want: "frontend-gone",
  },
  {
    name: "an old node port on an address that the node has lost",
    flow: ["192.0.2.66:30999", "10.244.1.1:8053"],
    gone: { frontends: new Set(["* UDP 30999"]), nodePortIPs: new Set(["192.0.2.66"]) },
    want: "frontend-gone",
  },
  {
    name: "a host port on an address that the node has lost",
    flow: ["192.0.2.66:5000", "10.244.1.1:8053"],
    gone: { nodePortIPs: new Set(["192.0.2.66"]) },
    want: "right",
  },
  // After a start nobody knows what was offered.
  {
    name: "a cluster IP of a Service that went while weir was down",
    flow: ["10.96.7.7:53", "10.244.1.1:8053"],
    gone: { forgotten: true },
    want: "frontend-gone",
  },
  {
    name: "an untranslated flow to a free address of the ServiceCIDR",
    flow: ["10.96.7.7:53", "10.96.7.7:53"],
    gone: { forgotten: true },
    want: "right",
  },
  {
    name: "the same as a translated one, once it is known what was offered",
    flow: ["10.96.7.7:53", "10.244.1.1:8053"],
    want: "right",
  },
  {
    name: "a host port of the node, after a start",
    flow: ["192.0.2.10:31000", "10.244.1.1:8053"],
    gone: { forgotten: true },
    want: "right",
  },
  {
    name: "somebody else's translation, after a start",
    flow: ["198.51.100.9:53", "10.244.1.1:8053"],
    gone: { forgotten: true },
    want: "right",
  },
  // What every node is full of.
  {
    name: "a pod that asks a server outside",
    flow: ["8.8.8.8:53", "8.8.8.8:53"],
    want: "right",
  },
  {
    name: "a pod that asks an endpoint directly",
    flow: ["10.244.1.1:8053", "10.244.1.1:8053"],
    want: "right",
  },
  {
    name: "a pod that asks a dead endpoint directly",
    flow: ["10.244.1.77:8053", "10.244.1.77:8053"],
    want: "right",
  },
];

for (const { name, flow, gone, nodePortAddresses, want } of CASES) {
  Deno.test(`A flow is ${want === "right" ? "left alone" : `stale (${want})`}: ${name}`, () => {
    const used = settings(nodePortAddresses === undefined ? {} : { nodePortAddresses });
    const judge = judgeOf(stateOf(CLUSTER, { settings: used }), { ...NOTHING, ...gone });
    assert.equal(judge(flowOf(flow)) ?? "right", want);
  });
}

const SIX: readonly ClusterObject[] = [
  service("dns", { clusterIP: "fd00:96::10", ports: [{ protocol: "UDP", port: 53, nodePort: 1 }] }),
  slice("dns", ["fd00:244::1:5"], { ports: UDP }),
];

Deno.test("IPv6 flows are told apart in the same way", () => {
  const verdict = (family: Family, ...flow: Case["flow"]) =>
    judgeOf(stateOf(SIX, { family }), { ...NOTHING, forgotten: true })(flowOf(flow));
  assert.equal(verdict("IPv6", "[fd00:96::10]:53", "[fd00:244::1:5]:8053"), undefined);
  assert.equal(verdict("IPv6", "[fd00:96::10]:53", "[fd00:244::1:6]:8053"), "endpoint-gone");
  assert.equal(verdict("IPv6", "[fd00:96::10]:53", "[fd00:96::10]:53"), "not-translated");
  assert.equal(verdict("IPv6", "[2001:db8::10]:1", "[fd00:244::1:6]:8053"), "endpoint-gone");
  assert.equal(verdict("IPv6", "[fd00:96::11]:53", "[fd00:244::1:5]:8053"), "frontend-gone");
  assert.equal(verdict("IPv6", "[2001:db8::53]:53", "[2001:db8::53]:53"), undefined);
});

Deno.test("An endpoint in the host's network may have the address of its frontend", () => {
  const state = stateOf([
    service("syslog", {
      externalIPs: ["192.0.2.10"],
      ports: [{ protocol: "UDP", port: 514 }],
    }),
    slice("syslog", ["192.0.2.10"], { ports: [{ name: "", protocol: "UDP", port: 514 }] }),
  ]);
  const judge = judgeOf(state, NOTHING);
  assert.equal(judge(flowOf(["192.0.2.10:514", "192.0.2.10:514"])), undefined);
});

Deno.test("Node ports are offered on all addresses of the node where none are named", () => {
  const used = settings({
    nodePortAddresses: "any",
    localAddresses: ["192.0.2.10", "198.51.100.77"],
  });
  const judge = judgeOf(stateOf(CLUSTER, { settings: used }), NOTHING);
  assert.equal(judge(flowOf(["198.51.100.77:30053", "10.244.1.77:8053"])), "endpoint-gone");
  assert.equal(judge(flowOf(["198.51.100.78:30053", "10.244.1.77:8053"])), undefined);
});

function flowOf([to, from]: Case["flow"]): Flow {
  const [destination, destinationPort] = addressAndPort(to);
  const [replySource, replySourcePort] = addressAndPort(from);
  return { destination, destinationPort, replySource, replySourcePort };
}

function addressAndPort(text: string): [address: string, port: number] {
  const colon = text.lastIndexOf(":");
  return [text.slice(0, colon).replace(/[[\]]/g, ""), Number(text.slice(colon + 1))];
}
