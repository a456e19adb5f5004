import assert from "node:assert/strict";
import type { EndpointSliceObject } from "../../model/objects.ts";
import { slicesOf } from "../../watch/endpoints.ts";
import { strip } from "../../watch/strip.ts";

function convert(subsets: unknown): EndpointSliceObject[] {
  const metadata = { name: "web", namespace: "shop" };
  const slices = slicesOf({ kind: "Endpoints", metadata, subsets });
  return slices.map((slice) => strip(slice) as EndpointSliceObject);
}

Deno.test("a subset becomes a slice per family, of the Service of the same name", () => {
  const slices = convert([
    { addresses: [{ ip: "10.0.0.1", nodeName: "a" }, { ip: "fd00::1" }], ports: [{ port: 8080 }] },
  ]);
  assert.deepEqual(slices.map((s) => [s.namespace, s.name, s.service, s.addressType]), [
    ["shop", "web-0-ipv4", "web", "IPv4"],
    ["shop", "web-0-ipv6", "web", "IPv6"],
  ]);
  assert.deepEqual(slices[0]?.endpoints.map((e) => [e.address, e.nodeName]), [["10.0.0.1", "a"]]);
  assert.deepEqual(slices[0]?.ports, [{ name: "", protocol: "TCP", port: 8080 }]);
});

Deno.test("subsets with other ports stay slices of their own", () => {
  const slices = convert([
    { addresses: [{ ip: "10.0.0.1" }], ports: [{ name: "http", port: 80 }] },
    { addresses: [{ ip: "10.0.0.2" }], ports: [{ name: "http", port: 8080 }] },
  ]);
  assert.deepEqual(slices.map((s) => [s.name, s.ports[0]?.port]), [
    ["web-0-ipv4", 80],
    ["web-1-ipv4", 8080],
  ]);
});

Deno.test("addresses that are not ready become endpoints that are neither ready nor serving", () => {
  const [slice] = convert([
    { addresses: [{ ip: "10.0.0.1" }], notReadyAddresses: [{ ip: "10.0.0.2" }], ports: [] },
  ]);
  const states = slice?.endpoints.map((e) => [e.address, e.ready, e.serving, e.terminating]);
  assert.deepEqual(states, [
    ["10.0.0.1", true, true, false],
    ["10.0.0.2", false, false, false],
  ]);
});

Deno.test("an object without addresses has no slices", () => {
  for (const subsets of [undefined, null, [], [{ ports: [{ port: 80 }] }]]) {
    assert.deepEqual(convert(subsets), []);
  }
});
