import assert from "node:assert/strict";
import {
  bindAddresses,
  isWanted,
  type PortAddresses,
  wildcardIsIPv6Only,
} from "../../daemon/service_health_addresses.ts";

interface Case {
  readonly name: string;
  readonly given: PortAddresses;
  readonly ipv6Only?: boolean;
  readonly want: readonly string[];
}

const CASES: readonly Case[] = [
  { name: "nothing for a port that nobody wants", given: { IPv4: [], IPv6: [] }, want: [] },
  {
    name: "the wildcard of IPv4 alone for a Service without IPv6",
    given: { IPv4: "any", IPv6: [] },
    want: ["0.0.0.0"],
  },
  {
    name: "one wildcard for both families, as no IPv4 socket fits beside it",
    given: { IPv4: "any", IPv6: "any" },
    want: ["::"],
  },
  {
    name: "the wildcard of IPv6 stands for addresses of IPv4 too",
    given: { IPv4: ["192.0.2.10"], IPv6: "any" },
    want: ["::"],
  },
  {
    name: "a wildcard a family where that of IPv6 is for IPv6 only",
    given: { IPv4: "any", IPv6: "any" },
    ipv6Only: true,
    want: ["0.0.0.0", "::"],
  },
  {
    name: "the addresses of both families",
    given: { IPv4: ["127.0.0.1", "192.0.2.10"], IPv6: ["2001:db8::10"] },
    want: ["127.0.0.1", "192.0.2.10", "2001:db8::10"],
  },
  {
    name: "the wildcard of IPv4 beside addresses of IPv6",
    given: { IPv4: "any", IPv6: ["2001:db8::10"] },
    want: ["0.0.0.0", "2001:db8::10"],
  },
];

for (const { name, given, ipv6Only = false, want } of CASES) {
  Deno.test(`Health check addresses: ${name}`, () => {
    assert.deepEqual(bindAddresses(given, ipv6Only), want);
  });
}

Deno.test("A wildcard answers on the addresses that its family is to be answered on", () => {
  const cases: readonly { given: PortAddresses; address: string; want: boolean }[] = [
    { given: { IPv4: ["192.0.2.10"], IPv6: "any" }, address: "192.0.2.10", want: true },
    { given: { IPv4: ["192.0.2.10"], IPv6: "any" }, address: "192.0.2.11", want: false },
    { given: { IPv4: [], IPv6: "any" }, address: "192.0.2.10", want: false },
    { given: { IPv4: "any", IPv6: "any" }, address: "192.0.2.10", want: true },
    { given: { IPv4: [], IPv6: "any" }, address: "2001:db8::10", want: true },
    { given: { IPv4: "any", IPv6: [] }, address: "2001:db8::10", want: false },
  ];
  for (const { given, address, want } of cases) {
    assert.equal(isWanted(given, address), want, `${JSON.stringify(given)} ${address}`);
  }
});

Deno.test("Wildcards are IPv6-only where no IPv6 socket takes an IPv4 address", () => {
  const refusing = (error: Error) => () => {
    throw error;
  };
  assert.equal(wildcardIsIPv6Only(() => ({ [Symbol.dispose]() {} })), false);
  assert.equal(wildcardIsIPv6Only(refusing(new TypeError("Invalid argument"))), true);
  assert.equal(wildcardIsIPv6Only(refusing(new Deno.errors.AddrNotAvailable())), false);
});
