import type { Run } from "../run.ts";
import { ADDRESSES, ZONE } from "../scenario.ts";
import { AFFINITY_SCENARIOS } from "./affinity.ts";
import { CHANGE_SCENARIOS } from "./changes.ts";
import { CONFLICT_SCENARIOS } from "./conflicts.ts";
import { configured, LIVE_ADDRESS_SCENARIOS, NO_ZONE_SCENARIOS } from "./configurations.ts";
import { ENDPOINT_SCENARIOS } from "./endpoints.ts";
import { FRONTEND_SCENARIOS, LONG_NAME_SCENARIOS } from "./frontends.ts";
import { HEALTH_CHECK_SCENARIOS, NODE_HEALTH_SCENARIOS } from "./health_checks.ts";
import { ODD_OBJECT_SCENARIOS } from "./odd_objects.ts";
import { POLICY_DETAILS, POLICY_SCENARIOS } from "./policies.ts";
import { RESTART_SCENARIOS } from "./restarts.ts";
import { SOURCE_RANGE_SCENARIOS } from "./source_ranges.ts";
import { FAILED_SYNC_SCENARIOS, UDP_FLOW_SCENARIOS, UDP_FRONTEND_SCENARIOS } from "./udp_flows.ts";

const CLUSTER_CIDR = { clusterCIDR: "10.244.0.0/16,fd00:244::/64" };
/** A burst of changes is one sync, and no change waits. */
const SYNC = { minSyncPeriod: "10ms" };

/** Milliseconds after which flows that are wrong are gone. */
const CONNTRACK_MS = 2_500;

const USUAL = {
  config: { ...CLUSTER_CIDR, nftables: SYNC },
  node: { zone: ZONE },
} as const;

/** Every run of the oracle. */
export const RUNS: readonly Run[] = [
  {
    name: "what Services say",
    ...USUAL,
    scenarios: [
      ...POLICY_SCENARIOS,
      ...POLICY_DETAILS,
      ...FRONTEND_SCENARIOS,
      ...SOURCE_RANGE_SCENARIOS,
      ...ENDPOINT_SCENARIOS,
      ...ODD_OBJECT_SCENARIOS,
      ...HEALTH_CHECK_SCENARIOS,
    ],
  },
  {
    name: "changes",
    ...USUAL,
    scenarios: [...CHANGE_SCENARIOS, ...CONFLICT_SCENARIOS, ...AFFINITY_SCENARIOS],
  },
  // by themselves: a flow must not be forgotten (after 30 s without a datagram) while other probes are made
  { name: "UDP flows", ...USUAL, settleMs: CONNTRACK_MS, scenarios: UDP_FLOW_SCENARIOS },
  {
    name: "UDP flows while endpoints stay",
    ...USUAL,
    settleMs: CONNTRACK_MS,
    scenarios: UDP_FRONTEND_SCENARIOS,
  },
  {
    name: "a sync that fails",
    ...USUAL,
    settleMs: CONNTRACK_MS,
    scenarios: FAILED_SYNC_SCENARIOS,
  },
  { name: "restarts", ...USUAL, settleMs: CONNTRACK_MS, scenarios: RESTART_SCENARIOS },
  {
    name: "masqueradeAll, node ports on every address",
    config: {
      ...CLUSTER_CIDR,
      nodePortAddresses: ["0.0.0.0/0", "::/0"],
      nftables: { ...SYNC, masqueradeAll: true },
    },
    node: {},
    scenarios: [...configured("masqueradeAll"), ...NO_ZONE_SCENARIOS, ...NODE_HEALTH_SCENARIOS],
  },
  {
    name: "no detection of pods, node ports on another address",
    config: {
      nodePortAddresses: ["203.0.113.0/24", "2001:db8:7::/64"],
      nftables: { ...SYNC, masqueradeBit: 5 },
    },
    node: {},
    scenarios: [...configured("no detection"), ...LIVE_ADDRESS_SCENARIOS],
  },
  {
    name: "detectLocalMode NodeCIDR, node ports of IPv4 only",
    config: {
      detectLocalMode: "NodeCIDR",
      nodePortAddresses: ["203.0.113.0/24"],
      nftables: SYNC,
    },
    node: { podCIDRs: ["10.244.1.0/24", "fd00:244::1:0/112"] },
    scenarios: configured("NodeCIDR"),
  },
  {
    name: "detectLocalMode InterfaceNamePrefix",
    config: {
      detectLocalMode: "InterfaceNamePrefix",
      detectLocal: { interfaceNamePrefix: "pod-" },
      nftables: SYNC,
    },
    node: {},
    scenarios: configured("InterfaceNamePrefix"),
  },
  {
    name: "detectLocalMode BridgeInterface",
    config: {
      detectLocalMode: "BridgeInterface",
      detectLocal: { bridgeInterface: "pod-b" },
      nftables: SYNC,
    },
    node: {},
    scenarios: configured("BridgeInterface"),
  },
  {
    name: "clusterCIDR of IPv4 only, node ports on loopback addresses and on none",
    config: {
      clusterCIDR: "10.244.0.0/16",
      nodePortAddresses: ["127.0.0.0/8", "fd99::/64"],
      nftables: SYNC,
    },
    node: {},
    scenarios: configured("clusterCIDR of IPv4"),
  },
  {
    name: "a node without an IPv6 address",
    ...USUAL,
    node: { addresses: [ADDRESSES.node.IPv4] },
    scenarios: configured("IPv4 node"),
  },
  { name: "long names", ...USUAL, stallsReference: true, scenarios: LONG_NAME_SCENARIOS },
];
