import assert from "node:assert/strict";
import { nodeFacts, primaryCIDRs } from "../../daemon/node_facts.ts";
import type { NodeObject } from "../../model/objects.ts";
import { node } from "../support/objects.ts";

interface Case {
  readonly name: string;
  readonly node?: NodeObject | undefined;
  readonly bindAddress?: string;
  readonly want: readonly string[];
}

/** Rows of kube-proxy's `TestGetNodeIPs` and `Test_detectNodeIPs`, without the loopback that it falls back to. */
const CASES: readonly Case[] = [
  { name: "no Node, no address", want: [] },
  {
    name: "the first address of each family counts",
    node: node({ addresses: ["192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"] }),
    want: ["192.0.2.1", "2001:db8::1"],
  },
  {
    name: "IPv6 may come first",
    node: node({ addresses: ["2001:db8::1", "192.0.2.1"] }),
    want: ["192.0.2.1", "2001:db8::1"],
  },
  {
    name: "an unspecified bindAddress says nothing",
    node: node({ addresses: ["192.0.2.1"] }),
    bindAddress: "::",
    want: ["192.0.2.1"],
  },
  {
    name: "bindAddress replaces the address of its family",
    node: node({ addresses: ["2001:db8::1", "192.0.2.1"] }),
    bindAddress: "80.80.80.80",
    want: ["80.80.80.80", "2001:db8::1"],
  },
  { name: "bindAddress alone is enough", bindAddress: "fd00::2", want: ["fd00::2"] },
  {
    name: "what is no address is passed over",
    node: node({ addresses: ["node-a.example", "192.0.2.009"] }),
    want: ["192.0.2.9"],
  },
];

for (const { name, node, bindAddress = "0.0.0.0", want } of CASES) {
  Deno.test(`Node facts: ${name}`, () => {
    assert.deepEqual([...nodeFacts("node-a", node, bindAddress).addresses.values()], want);
  });
}

Deno.test("Primary is the node's addresses, never loopback", () => {
  assert.deepEqual(primaryCIDRs(nodeFacts("node-a", node(), "0.0.0.0")), [
    "192.0.2.10/32",
    "2001:db8::10/128",
  ]);
  assert.deepEqual(primaryCIDRs(nodeFacts("node-a", undefined, "127.0.0.1")), []);
});
