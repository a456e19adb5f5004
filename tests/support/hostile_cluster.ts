import fc from "fast-check";
import { dump } from "js-yaml";
import { defaultConfiguration } from "../../config/configuration.ts";
import { effectiveSettings } from "../../config/effective.ts";
import { nodeFacts } from "../../daemon/node_facts.ts";
import { settingsFor } from "../../daemon/settings.ts";
import type { Family } from "../../model/family.ts";
import type { ClusterObject } from "../../model/objects.ts";
import type { Settings } from "../../model/settings.ts";
import { parseManifest } from "../../watch/manifest_parse.ts";
import { ObjectError, strip } from "../../watch/strip.ts";
import { snapshotOf } from "./objects.ts";

/** What somebody may write who wants nft to do something else. */
const ATTACKS = [
  'x" ; flush ruleset ; #',
  "x ; delete table ip weir",
  "x\nflush ruleset\n",
  "x\r\nadd table ip mine\r\n",
  "} ; flush ruleset ; {",
  "10.0.0.1 }\nflush ruleset\n#",
  '10.0.0.1 comment "x" : drop, 10.0.0.2',
  "goto reject-chain",
  "@service-ips",
  "$weir",
  'include "/etc/passwd"',
  "# nothing",
  "\\",
  "\\\n",
  "'",
  '"',
  "`reboot`",
  "$(reboot)",
  "-f /etc/passwd",
  "\0",
  "\u0000 ; flush ruleset",
  "Ünïcödé",
  "名前",
  "\u202egnal",
  "\u2028flush ruleset\u2029",
  "a".repeat(253),
  "é".repeat(126),
  "*",
  "..",
  "../../x",
  "__proto__",
  "constructor",
] as const;

const ADDRESSES = [
  "10.96.0.1",
  "10.96.0.2",
  "10.244.1.5",
  "192.0.2.10",
  "fd00:96::1",
  "fd00:244::1:5",
  "2001:db8::10",
  "::ffff:10.96.0.3",
  "::FFFF:0A60:0004",
  "010.096.000.005",
  "0000000010.96.0.6",
  "FD00:0096:0000::0001",
  "::1.2.3.4",
  "64:ff9b::192.0.2.1",
  "0.0.0.0",
  "::",
  "255.255.255.255",
  "224.0.0.1",
  "ff02::1",
  "127.0.0.1",
  "::1",
  "169.254.0.1",
] as const;

const NO_ADDRESSES = [
  "",
  "None",
  "fe80::1%eth0",
  "fe80::1%eth0 ; flush ruleset",
  "fe80::1%25eth0",
  "10.96.0.1%eth0",
  "[fd00::1]",
  "[fd00::1]:80",
  "10.96.0.1:80",
  "10.96.0.1/24",
  " 10.96.0.1",
  "10.96.0.1\n",
  "10.96.0.1,10.96.0.2",
  "10.96.0.1-10.96.0.9",
  "10.96.0",
  "10.96.1",
  "0x0a.0x60.0.1",
  "174063617",
  "256.1.1.1",
  "1.2.3.4.5",
  "１０.96.0.1",
  "10。96。0。1",
  "fd00:::1",
  "g::1",
  "example.com",
  ...ATTACKS,
] as const;

const address = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom(...ADDRESSES) },
  { weight: 1, arbitrary: fc.constantFrom(...NO_ADDRESSES) },
);
const range = fc.oneof(
  fc.tuple(
    address,
    fc.constantFrom("0", "8", "024", "32", "33", "64", "128", "129", "-1", "1.5", "x"),
  )
    .map(([one, bits]) => `${one}/${bits}`),
  fc.constantFrom("0.0.0.0/0", "::/0", "10.0.0.0/8 ", "\t192.0.2.0/24", "::ffff:10.0.0.0/104"),
  address,
);
const text = fc.oneof(
  fc.constantFrom(...ATTACKS),
  fc.constantFrom("", "a", "http", "node-a", "zone-a"),
  fc.string({ unit: "binary", maxLength: 300 }).map((one) => one.toWellFormed()),
);
const name = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom("a", "b", "c") },
  { weight: 1, arbitrary: text },
);
const portName = fc.oneof(
  { weight: 8, arbitrary: fc.constantFrom("", "http", "dns") },
  { weight: 1, arbitrary: text },
);
const number = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(80, 443, 30080, 1, 65535) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      0,
      -1,
      65536,
      2 ** 31 - 1,
      2 ** 40,
      1.5,
      1e300,
      "80",
      "http",
    ),
  },
  { weight: 1, arbitrary: text },
);
const protocol = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom("TCP", "UDP", "SCTP", "") },
  { weight: 1, arbitrary: fc.constantFrom("tcp", "ICMP", "TCP ; flush ruleset", ...ATTACKS) },
);
const policy = fc.oneof(fc.constantFrom("Cluster", "Local"), text);
const metadata = {
  name,
  namespace: name,
  uid: text,
  creationTimestamp: fc.oneof(fc.constant("2026-01-01T00:00:00Z"), text),
};

const service = fc.record({
  apiVersion: fc.constant("v1"),
  kind: fc.constant("Service"),
  metadata: fc.record(metadata),
  spec: fc.record({
    type: fc.oneof(fc.constantFrom("ClusterIP", "NodePort", "LoadBalancer"), text),
    clusterIP: address,
    clusterIPs: fc.array(address, { maxLength: 2 }),
    ipFamilies: fc.constantFrom([], ["IPv4"], ["IPv6"], ["IPv4", "IPv6"], ["IPv6", "IPv4"]),
    ports: fc.array(
      fc.record({ name: portName, protocol, port: number, nodePort: number }),
      { minLength: 1, maxLength: 3 },
    ),
    externalIPs: fc.array(address, { maxLength: 3 }),
    loadBalancerSourceRanges: fc.array(range, { maxLength: 4 }),
    sessionAffinity: fc.constantFrom("None", "ClientIP"),
    sessionAffinityConfig: fc.record({ clientIP: fc.record({ timeoutSeconds: number }) }),
    internalTrafficPolicy: policy,
    externalTrafficPolicy: policy,
    healthCheckNodePort: number,
  }, { requiredKeys: ["clusterIP", "ports"] }),
  status: fc.record({
    loadBalancer: fc.record({
      ingress: fc.array(fc.record({ ip: address, ipMode: fc.constantFrom("VIP", "Proxy") }), {
        maxLength: 2,
      }),
    }),
  }),
}, { requiredKeys: ["apiVersion", "kind", "metadata", "spec"] });

const slice = fc.record({
  apiVersion: fc.constant("discovery.k8s.io/v1"),
  kind: fc.constant("EndpointSlice"),
  metadata: fc.tuple(fc.record(metadata), name).map(([rest, owner]) => ({
    ...rest,
    labels: { "kubernetes.io/service-name": owner },
  })),
  addressType: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom("IPv4", "IPv6") },
    { weight: 1, arbitrary: text },
  ),
  ports: fc.array(fc.record({ name: portName, protocol, port: number }), {
    minLength: 1,
    maxLength: 2,
  }),
  endpoints: fc.array(
    fc.record({
      addresses: fc.array(address, { minLength: 1, maxLength: 2 }),
      nodeName: fc.oneof(fc.constant("node-a"), text),
      zone: text,
      hints: fc.record({ forZones: fc.array(fc.record({ name: text }), { maxLength: 2 }) }),
    }, { requiredKeys: ["addresses"] }),
    { maxLength: 4 },
  ),
});

const node = fc.record({
  apiVersion: fc.constant("v1"),
  kind: fc.constant("Node"),
  metadata: fc.record({
    name: fc.constant("node-a"),
    labels: fc.record({ "topology.kubernetes.io/zone": text }),
  }),
  spec: fc.record({ podCIDRs: fc.array(range, { maxLength: 2 }) }),
  status: fc.record({
    addresses: fc.array(fc.record({ type: fc.constantFrom("InternalIP", "ExternalIP"), address }), {
      maxLength: 3,
    }),
  }),
});

const serviceCIDR = fc.record({
  apiVersion: fc.constant("networking.k8s.io/v1"),
  kind: fc.constant("ServiceCIDR"),
  metadata: fc.record({ name: text }),
  spec: fc.record({ cidrs: fc.array(range, { maxLength: 3 }) }),
});

/** Objects as JSON has them, of which any text may be hostile, and any number no port. */
export function hostileObjects(): fc.Arbitrary<readonly object[]> {
  const object = fc.oneof(
    { weight: 5, arbitrary: service },
    { weight: 5, arbitrary: slice },
    { weight: 1, arbitrary: node },
    { weight: 1, arbitrary: serviceCIDR },
  );
  return fc.array(object, { maxLength: 16, size: "max" });
}

/** The ways on which objects come. */
export const WAYS: Readonly<Record<string, (raw: readonly object[]) => readonly ClusterObject[]>> =
  {
    "the API": (raw) => raw.flatMap(stripped),
    "a manifest in YAML": (raw) => parseManifest(raw.map((one) => dump(one)).join("---\n")).objects,
    "a manifest in JSON": (raw) =>
      parseManifest(JSON.stringify({ kind: "List", items: raw })).objects,
  };

function stripped(raw: object): ClusterObject[] {
  try {
    return [strip(raw)];
  } catch (error) {
    if (error instanceof ObjectError) return [];
    throw error;
  }
}

/** The settings of a node that its objects describe, with pods that its `podCIDRs` tell. */
export function settingsIn(objects: readonly ClusterObject[], family: Family): Settings {
  const own = objects.findLast((object) => object.kind === "Node");
  const config = { ...defaultConfiguration(), mode: "nftables", detectLocalMode: "NodeCIDR" };
  return settingsFor(family, {
    config: effectiveSettings(config),
    node: nodeFacts("node-a", own, "0.0.0.0"),
    snapshot: snapshotOf(...objects),
    localAddresses: undefined,
  });
}
