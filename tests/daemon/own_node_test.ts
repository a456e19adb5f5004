import assert from "node:assert/strict";
import { OwnNode } from "../../daemon/own_node.ts";
import { Store } from "../../watch/store.ts";
import { recordingLog } from "../support/log.ts";
import { node } from "../support/objects.ts";

function setUp(bindAddress = "0.0.0.0") {
  const { log, lines } = recordingLog();
  const store = new Store(() => 0);
  return { store, lines, own: new OwnNode({ store, name: "node-a", bindAddress, log }) };
}

Deno.test("Before there is a Node object, there are the name and bindAddress", () => {
  const { own } = setUp("192.0.2.7");
  assert.equal(own.object, undefined);
  assert.equal(own.facts.name, "node-a");
  assert.deepEqual([...own.facts.addresses], [["IPv4", "192.0.2.7"]]);
});

Deno.test("Addresses, pod CIDRs and zone follow the object", () => {
  const { store, own } = setUp();
  store.upsert(node());
  assert.deepEqual([...own.facts.addresses.values()], ["192.0.2.10", "2001:db8::10"]);
  const labels = { "topology.kubernetes.io/zone": "zone-b" };
  store.upsert(node({ addresses: ["192.0.2.11"], podCIDRs: ["10.244.7.0/24"], labels }));
  assert.deepEqual([...own.facts.addresses], [["IPv4", "192.0.2.11"]]);
  assert.deepEqual([own.facts.zone, own.facts.podCIDRs], ["zone-b", ["10.244.7.0/24"]]);
});

Deno.test("What a deleted object said stays, with one warning, until there is a new one", () => {
  const { store, lines, own } = setUp();
  store.upsert(node());
  store.remove("Node", "node-a");
  store.replace("Node", []);
  assert.deepEqual([...own.facts.addresses.values()], ["192.0.2.10", "2001:db8::10"]);
  assert.equal(lines.length, 1);
  assert.match(lines[0] ?? "", /^WARN .*stays in force node=node-a/);
  store.upsert(node({ addresses: ["192.0.2.12"] }));
  assert.deepEqual([...own.facts.addresses.values()], ["192.0.2.12"]);
  store.replace("Node", []);
  assert.equal(lines.length, 2);
});

Deno.test("A folder may be about a node of another name, if it is the only one", () => {
  const { store, own } = setUp();
  store.upsert(node({ name: "other" }));
  assert.equal(own.facts.name, "other");
  store.upsert(node({ name: "third" }));
  assert.equal(own.object?.name, "other", "of two it cannot be told which, so the first one stays");
});
