import assert from "node:assert/strict";
import {
  allElements,
  countElements,
  fullScript,
  UNKNOWN_TABLE,
} from "../../../backends/nftables/full_script.ts";
import { FAMILIES } from "../../../model/family.ts";
import { endpoint, service, slice } from "../../support/objects.ts";
import { stateOf } from "../../support/state.ts";

/** One Service for each way in which traffic is dispatched. */
const OBJECTS = [
  service("cluster", { clusterIP: "10.96.0.1", ports: [{ name: "http" }] }),
  slice("cluster", ["10.244.1.5", endpoint("10.244.1.6", { nodeName: "node-a" })], {
    ports: [{ name: "http", protocol: "TCP", port: 8080 }],
  }),
  service("internal-local", { clusterIP: "10.96.0.2", internalTrafficPolicy: "Local" }),
  slice("internal-local", ["10.244.1.5", endpoint("10.244.1.6", { nodeName: "node-a" })]),
  service("external", {
    clusterIP: "10.96.0.3",
    type: "LoadBalancer",
    externalIPs: ["198.51.100.1"],
    ingress: [{ ip: "198.51.100.2", ipMode: "VIP" }],
    ports: [{ protocol: "UDP", port: 53, nodePort: 30053 }],
  }),
  slice("external", ["10.244.1.5"], { ports: [{ name: "", protocol: "UDP", port: 5353 }] }),
  service("external-local", {
    clusterIP: "10.96.0.4",
    type: "NodePort",
    externalTrafficPolicy: "Local",
    ports: [{ nodePort: 30080 }],
  }),
  slice("external-local", ["10.244.1.5", endpoint("10.244.1.6", { nodeName: "node-a" })]),
  service("external-remote", {
    clusterIP: "10.96.0.5",
    type: "NodePort",
    externalTrafficPolicy: "Local",
    ports: [{ nodePort: 30081, protocol: "SCTP" }],
  }),
  slice("external-remote", ["10.244.1.5"], { ports: [{ name: "", protocol: "SCTP", port: 9 }] }),
  service("drop", { clusterIP: "10.96.0.6", internalTrafficPolicy: "Local" }),
  slice("drop", ["10.244.1.5"]),
  service("reject", { clusterIP: "10.96.0.7" }),
  service("six", { clusterIP: "fd00:96::1" }),
  slice("six", ["fd00:244::5"]),
];

for (const family of FAMILIES) {
  const file = new URL(`../../golden/full_script_${family}.nft`, import.meta.url);
  Deno.test(`The full ${family} script is the one in golden/, to be renewed with --update`, async () => {
    const script = [...fullScript(stateOf(OBJECTS, { family }))].join("");
    if (Deno.args.includes("--update")) await Deno.writeTextFile(file, script);
    assert.equal(script, await Deno.readTextFile(file));
  });
}

Deno.test("The full script takes kube-proxy's table away when there is one, and only then", () => {
  for (const [family, table] of [["IPv4", "ip"], ["IPv6", "ip6"]] as const) {
    const state = stateOf(OBJECTS, { family });
    const usual = [...fullScript(state)].join("");
    const live = { ...UNKNOWN_TABLE, hasKubeProxy: true };
    const away = `add table ${table} kube-proxy\ndelete table ${table} kube-proxy\n`;
    assert.equal([...fullScript(state, live)].join(""), away + usual);
    assert.doesNotMatch(usual, /kube-proxy/);
  }
});

Deno.test("The number of elements is counted without making them", () => {
  for (const family of FAMILIES) {
    const state = stateOf(OBJECTS, { family });
    assert.equal(countElements(state), [...allElements(state)].length);
  }
});
