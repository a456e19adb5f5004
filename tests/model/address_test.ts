import assert from "node:assert/strict";
import fc from "fast-check";
import {
  cidrContains,
  disjointCIDRs,
  normaliseAddress,
  normaliseCIDR,
} from "../../model/address.ts";

const ADDRESSES: readonly { given: string; want: string | undefined }[] = [
  { given: "10.0.0.1", want: "10.0.0.1" },
  { given: "172.30.0.041", want: "172.30.0.41" },
  { given: "1.2.3.004", want: "1.2.3.4" },
  { given: "192.168.099.022", want: "192.168.99.22" },
  { given: "10.180.00.001", want: "10.180.0.1" },
  { given: "255.255.255.255", want: "255.255.255.255" },
  { given: "256.0.0.1", want: undefined },
  { given: "1.2.3", want: undefined },
  { given: "1.2.3.4.5", want: undefined },
  { given: "1.2.3.4.", want: undefined },
  { given: "0x7f.1.1.1", want: undefined },
  { given: " 1.2.3.4", want: undefined },
  { given: "", want: undefined },
  { given: "::", want: "::" },
  { given: "FD00:0:0::00A1", want: "fd00::a1" },
  { given: "::ffff:1.2.3.4", want: "1.2.3.4" },
  { given: "::FFFF:0102:304", want: "1.2.3.4" },
  { given: "0::ffff:010.2.003.4", want: "10.2.3.4" },
  { given: "::1.2.3.4", want: "::102:304" },
  { given: "64:ff9b::1.2.3.04", want: "64:ff9b::102:304" },
  { given: "1:0:0:2:0:0:0:3", want: "1:0:0:2::3" },
  { given: "1:0:0:2:3:0:0:4", want: "1::2:3:0:0:4" },
  { given: "1:2:3:0:5:6:7:8", want: "1:2:3:0:5:6:7:8" },
  { given: "fe80::1%eth0", want: undefined },
  { given: "fd00:::1", want: undefined },
  { given: "localhost", want: undefined },
];

for (const { given, want } of ADDRESSES) {
  Deno.test(`The address "${given}" is read as ${want ?? "none"}`, () => {
    assert.equal(normaliseAddress(given), want);
  });
}

const CIDRS: readonly { given: string; want: string | undefined }[] = [
  { given: "10.244.0.0/16", want: "10.244.0.0/16" },
  { given: "10.244.3.4/16", want: "10.244.0.0/16" },
  { given: "203.0.113.000/025", want: "203.0.113.0/25" },
  { given: "0.0.0.0/0", want: "0.0.0.0/0" },
  { given: "10.0.0.0/33", want: undefined },
  { given: "10.0.0.0", want: undefined },
  { given: "10.0.0.0/", want: undefined },
  { given: "10.0.0.0/-1", want: undefined },
  { given: "FD00::1/64", want: "fd00::/64" },
  { given: "fd00::/129", want: undefined },
];

for (const { given, want } of CIDRS) {
  Deno.test(`The CIDR "${given}" is read as ${want ?? "none"}`, () => {
    assert.equal(normaliseCIDR(given), want);
  });
}

Deno.test("A normalised address stays as it is", () => {
  fc.assert(fc.property(fc.oneof(fc.ipV4(), fc.ipV6()), (text) => {
    const address = normaliseAddress(text);
    assert.ok(address !== undefined);
    assert.equal(normaliseAddress(address), address);
  }));
});

Deno.test("A CIDR contains its own addresses and none of the other family", () => {
  assert.ok(cidrContains("10.0.0.0/8", "10.255.0.1"));
  assert.ok(!cidrContains("10.0.0.0/8", "11.0.0.1"));
  assert.ok(!cidrContains("10.0.0.0/8", "fd00::1"));
  assert.ok(cidrContains("fd00::/64", "fd00::1"));
});

Deno.test("CIDRs inside others are left out, so that an interval set takes the rest", () => {
  assert.deepEqual(
    disjointCIDRs(["10.96.0.0/16", "10.96.0.0/12", "10.96.0.0/12", "172.16.0.0/24"]),
    ["10.96.0.0/12", "172.16.0.0/24"],
  );
});
