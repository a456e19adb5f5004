import assert from "node:assert/strict";
import { parseConfiguration } from "../../config/parse.ts";
import { type NodeView, sanityWarnings } from "../../config/sanity.ts";
import { configText } from "./config_text.ts";

const IPV4: NodeView = {
  name: "node-a",
  isKnown: true,
  families: ["IPv4"],
  podCIDRs: ["10.244.1.0/24"],
};
const DUAL: NodeView = {
  ...IPV4,
  families: ["IPv4", "IPv6"],
  podCIDRs: ["10.244.1.0/24", "fd00:1::/64"],
};
const NONE: NodeView = { ...IPV4, families: [], podCIDRs: [] };

/** The warnings for the fields of a configuration in nftables mode. */
function warnings(fields: string, node: NodeView): readonly string[] {
  const text = configText(`mode: nftables\n${fields}`);
  return sanityWarnings(parseConfiguration(text, { file: "x" }).config, node);
}

Deno.test("A configuration that fits its node is not warned about", () => {
  const table: { given: string; node: NodeView }[] = [
    { given: "", node: DUAL },
    { given: "clusterCIDR: 10.244.0.0/16", node: IPV4 },
    { given: "clusterCIDR: 10.244.0.0/16,fd00::/48", node: DUAL },
    { given: "clusterCIDR: 10.244.0.0/16,fd00::/48", node: IPV4 },
    { given: "clusterCIDR: fd00::/48\ndetectLocalMode: NodeCIDR", node: IPV4 },
    { given: "detectLocalMode: NodeCIDR", node: DUAL },
    { given: "detectLocalMode: BridgeInterface\ndetectLocal: {bridgeInterface: a}", node: DUAL },
    { given: "nodePortAddresses: [10.0.0.0/8]", node: IPV4 },
    { given: 'nodePortAddresses: [0.0.0.0/0, "::/0"]', node: DUAL },
    { given: "bindAddress: 192.0.2.1", node: IPV4 },
  ];
  for (const { given, node } of table) assert.deepEqual(warnings(given, node), [], given);
});

Deno.test("A configuration that does not fit its node is warned about, for each family of the node", () => {
  const table: { given: string; node: NodeView; want: readonly RegExp[] }[] = [
    {
      given: "clusterCIDR: fd00::/48",
      node: IPV4,
      want: [/^clusterCIDR "fd00::\/48" has no IPv4 range: the IPv4 traffic of pods is not told/],
    },
    { given: "clusterCIDR: 10.0.0.0/8", node: DUAL, want: [/^clusterCIDR .* no IPv6 range/] },
    {
      given: "detectLocalMode: NodeCIDR",
      node: { ...DUAL, podCIDRs: [] },
      want: [/^spec\.podCIDRs of the Node has no IPv4/, /^spec\.podCIDRs of the Node has no IPv6/],
    },
    {
      given: "nodePortAddresses: [10.0.0.0/8]",
      node: DUAL,
      want: [/^nodePortAddresses has no IPv6 range: node ports answer on every IPv6 address/],
    },
    { given: "", node: NONE, want: [/^nodePortAddresses is "primary", but the Node has no/] },
    { given: "bindAddress: 127.0.0.1", node: IPV4, want: [/^bindAddress "127\.0\.0\.1"/] },
    { given: 'bindAddress: "::1"', node: DUAL, want: [/^bindAddress "::1" is loopback/] },
  ];
  for (const { given, node, want } of table) {
    const texts = warnings(given, node);
    assert.equal(texts.length, want.length, `${given}: ${texts.join()}`);
    for (const [index, text] of texts.entries()) assert.match(text, want[index]!, given);
  }
});

Deno.test("A name that no Node has is warned about, with what to set", () => {
  assert.deepEqual(warnings("nodePortAddresses: [0.0.0.0/0]", { ...NONE, isKnown: false }), [
    'There is no Node "node-a": set "hostnameOverride" to the name of this machine\'s Node',
  ]);
});
