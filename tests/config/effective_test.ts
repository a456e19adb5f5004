import assert from "node:assert/strict";
import type { KubeProxyConfiguration } from "../../config/configuration.ts";
import { type EffectiveSettings, effectiveSettings, nodeName } from "../../config/effective.ts";
import { parseConfiguration } from "../../config/parse.ts";
import { configText } from "./config_text.ts";

function read(fields: string): KubeProxyConfiguration {
  return parseConfiguration(configText(fields), { file: "x" }).config;
}

const SECTIONS = `
iptables: {syncPeriod: 11s, minSyncPeriod: 1s, masqueradeAll: true, masqueradeBit: 1}
ipvs: {syncPeriod: 12s, minSyncPeriod: 2s}
nftables: {syncPeriod: 13s, minSyncPeriod: 3s, masqueradeBit: 3}
`;

Deno.test("Periods come from the mode's section, masquerade settings of ipvs from iptables", () => {
  const table: { mode: string; want: Partial<EffectiveSettings> }[] = [
    {
      mode: "nftables",
      want: { syncPeriodMs: 13_000, minSyncPeriodMs: 3000, masqueradeAll: false, masqueradeBit: 3 },
    },
    {
      mode: "iptables",
      want: { syncPeriodMs: 11_000, minSyncPeriodMs: 1000, masqueradeAll: true, masqueradeBit: 1 },
    },
    {
      mode: '""',
      want: { syncPeriodMs: 11_000, minSyncPeriodMs: 1000, masqueradeAll: true, masqueradeBit: 1 },
    },
    {
      mode: "ipvs",
      want: { syncPeriodMs: 12_000, minSyncPeriodMs: 2000, masqueradeAll: true, masqueradeBit: 1 },
    },
  ];
  for (const { mode, want } of table) {
    const { syncPeriodMs, minSyncPeriodMs, masqueradeAll, masqueradeBit } = effectiveSettings(
      read(`mode: ${mode}${SECTIONS}`),
    );
    assert.deepEqual({ syncPeriodMs, minSyncPeriodMs, masqueradeAll, masqueradeBit }, want, mode);
  }
});

Deno.test("An explicit minSyncPeriod of 0s means no pause, and an absent one a second, but none for ipvs", () => {
  const pause = (fields: string) => effectiveSettings(read(fields)).minSyncPeriodMs;
  assert.equal(pause("mode: nftables\nnftables: {minSyncPeriod: 0s}"), 0);
  assert.equal(pause("mode: iptables\niptables: {minSyncPeriod: 0s}"), 0);
  assert.equal(pause("mode: nftables"), 1000);
  assert.equal(pause("mode: iptables"), 1000);
  assert.equal(pause("mode: ipvs"), 0);
});

Deno.test("Without nodePortAddresses, nftables means the node's own addresses and other modes any", () => {
  assert.equal(effectiveSettings(read("mode: nftables")).nodePorts, "primary");
  for (const mode of ["iptables", "ipvs", '""']) {
    assert.equal(effectiveSettings(read(`mode: ${mode}`)).nodePorts, "any", mode);
    const asked = read(`mode: ${mode}\nnodePortAddresses: [primary]`);
    assert.equal(effectiveSettings(asked).nodePorts, "primary", mode);
  }
});

Deno.test("Node-port CIDRs are canonical and split by family", () => {
  const config = read("nodePortAddresses: [fd00::1/64, 203.0.113.077/025, 10.0.0.0/8]");
  assert.deepEqual(effectiveSettings(config).nodePorts, {
    IPv4: ["203.0.113.0/25", "10.0.0.0/8"],
    IPv6: ["fd00::/64"],
  });
});

Deno.test("Local traffic is told by clusterCIDR unless the configuration says otherwise", () => {
  const table: { given: string; want: EffectiveSettings["detectLocal"] }[] = [
    { given: "", want: { mode: "ClusterCIDR", cidrs: { IPv4: [], IPv6: [] } } },
    {
      given: "clusterCIDR: fd00::/48,10.244.0.0/16",
      want: { mode: "ClusterCIDR", cidrs: { IPv4: ["10.244.0.0/16"], IPv6: ["fd00::/48"] } },
    },
    {
      given: "clusterCIDR: 10.244.7.9/16\ndetectLocalMode: ClusterCIDR",
      want: { mode: "ClusterCIDR", cidrs: { IPv4: ["10.244.0.0/16"], IPv6: [] } },
    },
    { given: "clusterCIDR: 10.0.0.0/8\ndetectLocalMode: NodeCIDR", want: { mode: "NodeCIDR" } },
    {
      given: "detectLocalMode: BridgeInterface\ndetectLocal: {bridgeInterface: cbr0}",
      want: { mode: "BridgeInterface", name: "cbr0" },
    },
    {
      given: "detectLocalMode: InterfaceNamePrefix\ndetectLocal: {interfaceNamePrefix: veth}",
      want: { mode: "InterfaceNamePrefix", prefix: "veth" },
    },
  ];
  for (const { given, want } of table) {
    assert.deepEqual(effectiveSettings(read(given)).detectLocal, want, given);
  }
});

Deno.test("nodeName() prefers hostnameOverride, trimmed and in lower case", () => {
  assert.equal(nodeName(read(""), " Host-A\n"), "host-a");
  assert.equal(nodeName(read('hostnameOverride: " Foo "'), "host-a"), "foo");
  assert.equal(nodeName(read('hostnameOverride: "   "'), "host-a"), "");
});
