import assert from "node:assert/strict";
import fc from "fast-check";
import {
  decodeConfiguration,
  defaultConfiguration,
  type KubeProxyConfiguration,
} from "../../config/configuration.ts";
import { readDocument } from "../../config/document.ts";
import { effectiveSettings } from "../../config/effective.ts";
import { parseConfiguration } from "../../config/parse.ts";
import { toV1alpha1, writeConfiguration } from "../../config/write.ts";
import { configText } from "./config_text.ts";

/** Reads `fields` of an otherwise empty configuration, and shows it as kube-proxy would. */
function shown(fields: string): Record<string, unknown> {
  return toV1alpha1(parseConfiguration(configText(fields), { file: "test.yaml" }).config);
}

const PERIODS = `
iptables: {syncPeriod: 11s, minSyncPeriod: 1s, masqueradeAll: true}
ipvs: {syncPeriod: 12s, minSyncPeriod: 2s}
nftables: {syncPeriod: 13s, minSyncPeriod: 3s, masqueradeAll: true}
`;

Deno.test("Only the mode's section has periods, and masqueradeAll of iptables is that of ipvs too", () => {
  const table: { mode: string; want: Record<string, readonly [string, string, boolean?]> }[] = [
    {
      mode: "nftables",
      want: { iptables: ["0s", "0s", false], ipvs: ["0s", "0s"], nftables: ["13s", "3s", true] },
    },
    {
      mode: "iptables",
      want: { iptables: ["11s", "1s", true], ipvs: ["0s", "0s"], nftables: ["0s", "0s", false] },
    },
    {
      mode: '""',
      want: { iptables: ["11s", "1s", true], ipvs: ["0s", "0s"], nftables: ["0s", "0s", false] },
    },
    {
      mode: "ipvs",
      want: { iptables: ["0s", "0s", true], ipvs: ["12s", "2s"], nftables: ["0s", "0s", false] },
    },
  ];
  for (const { mode, want } of table) {
    const config = shown(`mode: ${mode}${PERIODS}`);
    for (const [name, [syncPeriod, minSyncPeriod, masqueradeAll]] of Object.entries(want)) {
      const section = config[name] as Record<string, unknown>;
      assert.deepEqual(
        [section.syncPeriod, section.minSyncPeriod, section.masqueradeAll],
        [syncPeriod, minSyncPeriod, masqueradeAll],
        `${name} in mode ${mode}`,
      );
    }
  }
});

Deno.test("What a blank field stands for is written out", () => {
  const blank = shown("");
  assert.deepEqual([blank.mode, blank.detectLocalMode, blank.nodePortAddresses], [
    "iptables",
    "ClusterCIDR",
    null,
  ]);
  assert.deepEqual(shown("mode: nftables").nodePortAddresses, ["primary"]);
  const given = shown("mode: nftables\ndetectLocalMode: NodeCIDR\nnodePortAddresses: [10.0.0.0/8]");
  assert.deepEqual([given.detectLocalMode, given.nodePortAddresses], ["NodeCIDR", ["10.0.0.0/8"]]);
});

Deno.test("Fields that kube-proxy leaves out when they are empty are left out", () => {
  const optional = ["featureGates", "windowsRunAsService"];
  assert.deepEqual(optional.filter((name) => name in shown("")), []);
  const fields = `
featureGates: {AllAlpha: false}
windowsRunAsService: true
logging: {vmodule: [{filePattern: a, verbosity: 1}]}`;
  assert.deepEqual(optional.filter((name) => name in shown(fields)), optional);
  assert.equal("vmodule" in (shown("").logging as object), false);
  assert.equal("vmodule" in (shown(fields).logging as object), true);
});

Deno.test("The configuration is written in the order of the alphabet, with durations in Go's syntax", () => {
  const text = writeConfiguration(defaultConfiguration());
  const keys = [...text.matchAll(/^(\w+):/gm)].map(([, key]) => key);
  assert.deepEqual(keys, keys.toSorted());
  assert.match(text, /^configSyncPeriod: 15m0s$/m);
  assert.match(text, /^ {2}tcpEstablishedTimeout: 24h0m0s$/m);
  assert.match(text, /^ {2}minSyncPeriod: 1s$/m);
});

Deno.test("Whatever is written reads back as the same configuration", () => {
  fc.assert(fc.property(arbitraryConfiguration(), (config) => {
    const document = readDocument(writeConfiguration(config));
    assert.ok("data" in document, JSON.stringify(document));
    assert.deepEqual(document.duplicates, []);
    const again = decodeConfiguration(document.data);
    assert.deepEqual(toV1alpha1(again.data!), toV1alpha1(config));
    assert.deepEqual(effectiveSettings(again.data!), effectiveSettings(config));
  }));
});

const PLAIN = { noNullPrototype: true };

/** Configurations with any text, not all of them valid; a zero that a file cannot express is not among them. */
function arbitraryConfiguration(): fc.Arbitrary<KubeProxyConfiguration> {
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("", "yes", "~", "null", "0x10", "1e3", "10:20", "2020-01-01", "::", " a ", "#"),
  );
  const milliseconds = fc.oneof(fc.nat(), fc.constantFrom(0, 0.001, 1.5, 86_400_000));
  const positive = milliseconds.map((value) => value || 1);
  const bit = fc.integer({ min: 0, max: 31 });
  const section = { syncPeriod: positive, minSyncPeriod: milliseconds, masqueradeBit: bit };
  const changes = fc.record({
    mode: fc.constantFrom("", "iptables", "ipvs", "nftables"),
    hostnameOverride: text,
    clusterCIDR: fc.constantFrom("", "10.0.0.0/8", "10.0.0.0/8,fd00::/48"),
    nodePortAddresses: fc.uniqueArray(fc.constantFrom("10.0.0.0/8", "fd00::/64")),
    featureGates: fc.dictionary(fc.constantFrom("AllAlpha", "AllBeta", "y"), fc.boolean(), PLAIN),
    configSyncPeriod: positive,
    iptables: fc.record({ ...section, masqueradeAll: fc.boolean() }),
    ipvs: fc.record({
      syncPeriod: positive,
      minSyncPeriod: milliseconds,
      scheduler: text,
      excludeCIDRs: fc.array(text),
      tcpTimeout: milliseconds,
    }),
    nftables: fc.record({ ...section, masqueradeAll: fc.boolean() }),
    conntrack: fc.record({ tcpEstablishedTimeout: milliseconds, udpTimeout: milliseconds }),
    logging: fc.record({
      flushFrequency: positive,
      vmodule: fc.array(fc.record({ filePattern: text, verbosity: fc.nat() }, PLAIN)),
    }),
  });
  return changes.map((values) => merged(defaultConfiguration(), values));
}

/** Returns `group` with the values that `changes` names; groups of `changes` leave the rest of their fields. */
function merged<Group extends object>(group: Group, changes: object): Group {
  const entries = Object.entries(changes).map(([key, value]) => {
    const before = group[key as keyof Group];
    const isGroup = typeof value === "object" && !Array.isArray(value) && key !== "featureGates";
    return [key, isGroup ? merged(before as object, value) : value];
  });
  return { ...group, ...Object.fromEntries(entries) };
}
