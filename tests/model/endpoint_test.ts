import assert from "node:assert/strict";
import { endpointId, endpointsOf } from "../../model/endpoint.ts";
import type { EndpointSliceObject } from "../../model/objects.ts";
import type { Problem } from "../../model/problem.ts";
import { endpoint, slice } from "../support/objects.ts";

const QUERY = { family: "IPv4", portName: "", protocol: "TCP", nodeName: "node-a" } as const;

interface Case {
  readonly name: string;
  readonly slices: readonly EndpointSliceObject[];
  readonly want: readonly string[];
  readonly problems?: number;
}

const http = [{ name: "http", protocol: "TCP", port: 8080 }] as const;

const CASES: readonly Case[] = [
  { name: "none without slices", slices: [], want: [] },
  {
    name: "sorted by address as text, then by port",
    slices: [slice("a", ["10.0.1.1", "10.0.1.10"])],
    want: ["10.0.1.1:8080", "10.0.1.10:8080"],
  },
  {
    name: "the union of all slices, without duplicates",
    slices: [slice("a", ["10.0.1.1", "10.0.1.2"]), slice("a", ["10.0.1.2", "10.0.1.3"])],
    want: ["10.0.1.1:8080", "10.0.1.2:8080", "10.0.1.3:8080"],
  },
  {
    name: "one address with another port in another slice is another endpoint",
    slices: [
      slice("a", ["10.0.1.1"]),
      slice("a", ["10.0.1.1"], { ports: [{ name: "", protocol: "TCP", port: 9090 }] }),
    ],
    want: ["10.0.1.1:8080", "10.0.1.1:9090"],
  },
  {
    name: "ports join by name",
    slices: [slice("a", ["10.0.1.1"], { ports: http })],
    want: [],
  },
  {
    name: "ports join by protocol",
    slices: [slice("a", ["10.0.1.1"], { ports: [{ name: "", protocol: "UDP", port: 8080 }] })],
    want: [],
  },
  {
    name: "slices of the other family and of names are left out",
    slices: [slice("a", ["fd00::1"]), slice("a", ["example.com"], { addressType: "FQDN" })],
    want: [],
  },
  {
    name: "leading zeros are read as decimal",
    slices: [slice("a", ["10.180.00.001"])],
    want: ["10.180.0.1:8080"],
  },
  {
    name: "an address that is none is reported, and the others are used",
    slices: [slice("a", ["10.0.1.1", "10.0.1.300", ""])],
    want: ["10.0.1.1:8080"],
    problems: 2,
  },
];

for (const { name, slices, want, problems = 0 } of CASES) {
  Deno.test(`Endpoints: ${name}`, () => {
    const found: Problem[] = [];
    assert.deepEqual(endpointsOf(slices, QUERY, found).map(endpointId), want);
    assert.equal(found.length, problems);
  });
}

Deno.test("Endpoints: IPv6 addresses are bracketed in the id", () => {
  const [found] = endpointsOf([slice("a", ["FD00::1"])], { ...QUERY, family: "IPv6" }, []);
  assert.equal(found && endpointId(found), "[fd00::1]:8080");
  assert.equal(found?.address, "fd00::1");
});

Deno.test("Endpoints: one that is listed twice is ready when one of the lists says so, in any order", () => {
  const ready = slice("a", [endpoint("10.0.1.1")]);
  const draining = slice("a", [endpoint("10.0.1.1", { ready: false, terminating: true })]);
  const unready = slice("a", [endpoint("10.0.1.1", { ready: false })]);
  for (const slices of [[ready, draining, unready], [unready, draining, ready]]) {
    const [found] = endpointsOf(slices, QUERY, []);
    assert.equal(found?.ready, true);
    assert.equal(found?.terminating, false);
  }
});

Deno.test("Endpoints: one that a slice lists terminating, ready and terminating again is ready", () => {
  const gone = endpoint("10.0.1.1", { ready: false, serving: false, terminating: true });
  const [found, ...others] = endpointsOf(
    [slice("a", [gone, endpoint("10.0.1.1"), gone])],
    QUERY,
    [],
  );
  assert.deepEqual([found?.ready, found?.terminating, others], [true, false, []]);
});

Deno.test("Endpoints: an address on two nodes that is ready on neither is one endpoint, and no trouble", () => {
  const down = { ready: false, serving: false };
  const slices = [
    slice("a", [endpoint("10.0.1.1", { ...down, nodeName: "node-a" })]),
    slice("a", [endpoint("10.0.1.1", { ...down, nodeName: "node-b" })], { name: "a-b" }),
  ];
  const problems: Problem[] = [];
  for (const order of [slices, slices.toReversed()]) {
    const found = endpointsOf(order, QUERY, problems);
    assert.deepEqual(found.map(({ ready, serving }) => [ready, serving]), [[false, false]]);
  }
  assert.deepEqual(problems, []);
});

Deno.test("Endpoints: local is what runs on this node", () => {
  const slices = [slice("a", [endpoint("10.0.1.1", { nodeName: "node-a" }), endpoint("10.0.1.2")])];
  assert.deepEqual(endpointsOf(slices, QUERY, []).map((one) => one.local), [true, false]);
  const unnamed = endpointsOf([slice("a", [endpoint("10.0.1.1", { nodeName: "" })])], {
    ...QUERY,
    nodeName: "",
  }, []);
  assert.deepEqual(unnamed.map((one) => one.local), [false]);
});
