import assert from "node:assert/strict";
import { parseSetListing, unlearnedPorts } from "../../../backends/nftables/affinity_unlearned.ts";
import { service, slice } from "../../support/objects.ts";
import { stateOf } from "../../support/state.ts";

const STATE = stateOf([
  service("web", {
    type: "NodePort",
    externalIPs: ["198.51.100.1"],
    sessionAffinity: "ClientIP",
    ports: [{ name: "http", nodePort: 30080 }, { name: "dns", protocol: "UDP", port: 53 }],
  }),
  service("plain", { clusterIP: "10.96.0.11" }),
  slice("web", ["10.244.1.5"]),
]);

const CASES = [
  { name: "a cluster IP", keys: ["10.96.0.10 . 6 . 80"], want: ["default/web:http"] },
  { name: "UDP", keys: ["10.96.0.10 . 17 . 53"], want: ["default/web:dns"] },
  { name: "protocols by name", keys: ["10.96.0.10 . udp . 53"], want: ["default/web:dns"] },
  { name: "a node port", keys: ["192.0.2.10 . 6 . 30080"], want: ["default/web:http"] },
  {
    name: "several frontends of one port",
    keys: ["10.96.0.10 . 6 . 80", "198.51.100.1 . 6 . 80", "192.0.2.10 . 6 . 30080"],
    want: ["default/web:http"],
  },
  { name: "another protocol", keys: ["10.96.0.10 . 132 . 80", "10.96.0.10 . 17 . 80"], want: [] },
  { name: "a frontend that is gone", keys: ["10.96.0.99 . 6 . 80"], want: [] },
  { name: "a Service that has no affinity any more", keys: ["10.96.0.11 . 6 . 80"], want: [] },
];

for (const { name, keys, want } of CASES) {
  Deno.test(`What was asked for tells the Service port: ${name}`, () => {
    assert.deepEqual(unlearnedPorts(keys, STATE).map((port) => port.name), want);
  });
}

const LISTING = `table ip6 weir {
	set unlearned-services {
		typeof ip6 daddr . meta l4proto . th dport
		size 4096
		flags dynamic,timeout
		elements = { fd00:96::10 . 17 . 53 timeout 120s expires 119s,
			     fd00:96::11 . 6 . 80 timeout 120s expires 3s }
	}
}
`;

Deno.test("The keys of a set are read from nft's listing", () => {
  assert.deepEqual(parseSetListing(LISTING), ["fd00:96::10 . 17 . 53", "fd00:96::11 . 6 . 80"]);
  assert.deepEqual(parseSetListing(LISTING.replace(/elements = [^}]*\}/, "")), []);
  assert.deepEqual(parseSetListing(""), []);
});
