import assert from "node:assert/strict";
import { defaultConfiguration, type KubeProxyConfiguration } from "../../config/configuration.ts";
import { effectiveSettings } from "../../config/effective.ts";
import { nodeFacts } from "../../daemon/node_facts.ts";
import { matchingAddresses, settingsFor } from "../../daemon/settings.ts";
import type { Family } from "../../model/family.ts";
import type { NodeObject } from "../../model/objects.ts";
import type { Settings } from "../../model/settings.ts";
import { node, serviceCIDR, snapshotOf } from "../support/objects.ts";

interface Case {
  readonly name: string;
  readonly config: Partial<KubeProxyConfiguration>;
  readonly family?: Family;
  readonly node?: NodeObject;
  readonly local?: readonly string[];
  readonly want: Partial<Settings>;
}

const LOCAL = ["127.0.0.1", "192.0.2.10", "203.0.113.7", "::1", "2001:db8::10"];
const BOTH = "10.244.0.0/16,fd00:244::/64";

const CASES: readonly Case[] = [
  {
    name: "pods are told by the clusterCIDR of the family",
    config: { clusterCIDR: BOTH },
    want: { detector: { by: "source", cidr: "10.244.0.0/16" } },
  },
  {
    name: "pods are told by the clusterCIDR of the family, IPv6",
    config: { clusterCIDR: BOTH },
    family: "IPv6",
    want: { detector: { by: "source", cidr: "fd00:244::/64" } },
  },
  {
    name: "without a clusterCIDR of the family nobody is a pod",
    config: { clusterCIDR: "fd00:244::/64" },
    want: { detector: undefined },
  },
  {
    name: "NodeCIDR takes the Node's pod CIDRs and not clusterCIDR",
    config: { detectLocalMode: "NodeCIDR", clusterCIDR: BOTH },
    node: node({ podCIDRs: ["fd00:1::/64", "10.244.3.0/24"] }),
    want: { detector: { by: "source", cidr: "10.244.3.0/24" } },
  },
  {
    name: "BridgeInterface goes by the interface",
    config: {
      detectLocalMode: "BridgeInterface",
      detectLocal: { bridgeInterface: "cni0", interfaceNamePrefix: "x" },
    },
    want: { detector: { by: "interface", name: "cni0" } },
  },
  {
    name: "InterfaceNamePrefix goes by its beginning",
    config: {
      detectLocalMode: "InterfaceNamePrefix",
      detectLocal: { bridgeInterface: "", interfaceNamePrefix: "cali" },
    },
    want: { detector: { by: "interface-prefix", prefix: "cali" } },
  },
  {
    name: "in nftables mode node ports answer on the node's own address",
    config: {},
    want: { nodePortAddresses: ["192.0.2.10"] },
  },
  {
    name: "in nftables mode node ports answer on the node's own address, IPv6",
    config: {},
    family: "IPv6",
    want: { nodePortAddresses: ["2001:db8::10"] },
  },
  {
    name: "in iptables mode they answer on every address",
    config: { mode: "iptables" },
    want: { nodePortAddresses: "any" },
  },
  {
    name: "primary in a family in which the node has no address means none",
    config: { nodePortAddresses: ["primary"] },
    family: "IPv6",
    node: node({ addresses: ["192.0.2.10"] }),
    want: { nodePortAddresses: [] },
  },
  {
    name: "an address that no interface has is left out",
    config: { nodePortAddresses: ["198.51.100.0/24", "203.0.113.0/24"] },
    want: { nodePortAddresses: ["203.0.113.7"] },
  },
  {
    name: "loopback is left out",
    config: { nodePortAddresses: ["127.0.0.0/8", "192.0.2.0/24"] },
    want: { nodePortAddresses: ["192.0.2.10"] },
  },
  {
    name: "CIDRs of one family only: the other one answers on every address",
    config: { nodePortAddresses: ["192.0.2.0/24"] },
    family: "IPv6",
    want: { nodePortAddresses: "any" },
  },
  {
    name: "a /0 means every address",
    config: { nodePortAddresses: ["192.0.2.0/24", "0.0.0.0/0"] },
    want: { nodePortAddresses: "any" },
  },
  {
    name: "bindAddress replaces the node's address of its family",
    config: { bindAddress: "203.0.113.7" },
    want: { nodePortAddresses: ["203.0.113.7"] },
  },
  {
    name: "external IPs are offered unless the feature gate is off",
    config: { featureGates: { AllowServiceExternalIPs: false } },
    want: { offersExternalIPs: false },
  },
  {
    name: "the zone is the node's label",
    config: {},
    node: node({ labels: { "topology.kubernetes.io/zone": "zone-a" } }),
    want: { zone: "zone-a", nodeName: "node-a" },
  },
  {
    name: "service CIDRs are those of the family, without nested ones",
    config: {},
    want: { serviceCIDRs: ["10.96.0.0/12"] },
  },
  {
    name: "iptables mode takes iptables' masquerade settings",
    config: {
      mode: "iptables",
      iptables: { ...defaultConfiguration().iptables, masqueradeAll: true, masqueradeBit: 7 },
    },
    want: { masqueradeAll: true, masqueradeBit: 7 },
  },
];

for (const { name, config, family = "IPv4", node: own = node(), local = LOCAL, want } of CASES) {
  Deno.test(`Settings: ${name}`, () => {
    const full = { ...defaultConfiguration(), mode: "nftables", ...config };
    const cidrs = [
      serviceCIDR("a", ["10.96.0.0/12", "fd00:96::/108"]),
      serviceCIDR("b", ["10.97.0.0/16"]),
    ];
    const settings = settingsFor(family, {
      config: effectiveSettings(full),
      node: nodeFacts("node-a", own, full.bindAddress),
      snapshot: snapshotOf(...cidrs),
      localAddresses: local,
    });
    for (const [field, value] of Object.entries(want)) {
      assert.deepEqual(settings[field as keyof Settings], value, field);
    }
  });
}

Deno.test("Health checks, unlike node ports, are answered on loopback addresses that match", () => {
  const config = { ...defaultConfiguration(), nodePortAddresses: ["127.0.0.0/8", "192.0.2.0/24"] };
  const circumstances = {
    config: effectiveSettings(config),
    node: nodeFacts("node-a", node(), config.bindAddress),
    snapshot: snapshotOf(),
    localAddresses: LOCAL,
  };
  assert.deepEqual(matchingAddresses("IPv4", circumstances), ["127.0.0.1", "192.0.2.10"]);
  assert.equal(matchingAddresses("IPv6", circumstances), "any");
});
