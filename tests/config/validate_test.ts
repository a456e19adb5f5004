import assert from "node:assert/strict";
import type { KubeProxyConfiguration } from "../../config/configuration.ts";
import { parseConfiguration } from "../../config/parse.ts";
import { validateConfiguration } from "../../config/validate.ts";
import { configText } from "./config_text.ts";

/** What is wrong with a configuration of these fields: `path: message`, one an item. */
function problemsOf(fields: string): string[] {
  let seen: KubeProxyConfiguration | undefined;
  try {
    parseConfiguration(configText(fields), { file: "x", amend: (config) => seen = config });
  } catch { /* the problems are asked for below */ }
  assert.ok(seen !== undefined, `The text cannot be decoded:\n${fields}`);
  return validateConfiguration(seen).map(({ path, message }) => `${path}: ${message}`);
}

const ACCEPTED: readonly string[] = [
  "",
  'mode: ""',
  "mode: iptables",
  "mode: ipvs",
  "mode: nftables",
  "mode: iptables\nipvs: {tcpTimeout: -5s, excludeCIDRs: [foo]}\nnftables: {masqueradeBit: 99, syncPeriod: -1s}",
  "mode: nftables\niptables: {syncPeriod: -5s}",
  "mode: ipvs\nipvs: {excludeCIDRs: [10.0.0.0/8, fd00::/8]}",
  "mode: nftables\nnftables: {syncPeriod: 1s, minSyncPeriod: 1s}",
  "oomScoreAdj: 1000",
  "oomScoreAdj: -1000",
  "clientConnection: {burst: 0, qps: -5}",
  "bindAddress: fd00::1",
  "bindAddress: 010.001.02.3",
  'healthzBindAddress: "[::]:10256"',
  'metricsBindAddress: "127.0.0.1:1"',
  "metricsBindAddress: 127.0.0.1:65535",
  "nodePortAddresses: [primary]",
  "nodePortAddresses: [127.0.0.0/8, '::1/128', 0.0.0.0/0]",
  "nodePortAddresses: [203.0.113.000/025]",
  'showHiddenMetricsForVersion: "1.35"',
  "detectLocalMode: ClusterCIDR",
  "detectLocalMode: NodeCIDR\nclusterCIDR: nonsense",
  "detectLocalMode: BridgeInterface\ndetectLocal: {bridgeInterface: a-name-that-is-too-long-for-linux}",
  "detectLocalMode: InterfaceNamePrefix\ndetectLocal: {interfaceNamePrefix: avz}",
  "clusterCIDR: 10.244.0.0/16",
  "clusterCIDR: fd00::/48",
  "clusterCIDR: 10.244.0.0/16,fd00::/48",
  "clusterCIDR: fd00::/48,10.244.0.0/16",
  "conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s}",
  "featureGates: {AllowServiceExternalIPs: false, MultiCIDRServiceAllocator: true}",
  "logging: {format: json, verbosity: 2147483647}",
  "logging: {vmodule: [{filePattern: 'a*', verbosity: 2147483647}]}",
  "logging: {options: {text: {splitStream: true}, json: {splitStream: true}}}",
  "logging: {options: {json: {splitStream: true, infoBufferSize: 4Ki}}}\nfeatureGates: {LoggingAlphaOptions: true}",
];

Deno.test("Configurations that kube-proxy accepts are valid", () => {
  for (const fields of ACCEPTED) assert.deepEqual(problemsOf(fields), [], fields);
});

const REFUSED: readonly { given: string; want: readonly string[] }[] = [
  { given: "featureGates: {Foo: true}", want: ['featureGates.Foo: "Foo" is not a feature gate'] },
  {
    given: "featureGates: {MultiCIDRServiceAllocator: false}",
    want: [
      'featureGates.MultiCIDRServiceAllocator: "false" is not possible, the gate is locked to true',
    ],
  },
  {
    given: "iptables: {masqueradeBit: -10}",
    want: ['iptables.masqueradeBit: "-10" is not between 0 and 31'],
  },
  {
    given: "mode: nftables\niptables: {masqueradeBit: 32}\nnftables: {masqueradeBit: 33}",
    want: [
      'iptables.masqueradeBit: "32" is not between 0 and 31',
      'nftables.masqueradeBit: "33" is not between 0 and 31',
    ],
  },
  {
    given:
      "mode: ipvs\nipvs: {tcpTimeout: -1s, tcpFinTimeout: -2s, udpTimeout: -3s, excludeCIDRs: [10.0.0.0/8, foo]}",
    want: [
      'ipvs.tcpTimeout: "-1s" is negative',
      'ipvs.tcpFinTimeout: "-2s" is negative',
      'ipvs.udpTimeout: "-3s" is negative',
      'ipvs.excludeCIDRs[1]: "foo" is not a CIDR like "192.0.2.0/24"',
    ],
  },
  {
    given:
      "conntrack: {maxPerCore: -1, min: -2, tcpEstablishedTimeout: -3s, tcpCloseWaitTimeout: -4s, udpTimeout: -5s, udpStreamTimeout: -6s}",
    want: [
      'conntrack.maxPerCore: "-1" is negative',
      'conntrack.min: "-2" is negative',
      'conntrack.tcpEstablishedTimeout: "-3s" is negative',
      'conntrack.tcpCloseWaitTimeout: "-4s" is negative',
      'conntrack.udpTimeout: "-5s" is negative',
      'conntrack.udpStreamTimeout: "-6s" is negative',
    ],
  },
  { given: "oomScoreAdj: 1001", want: ['oomScoreAdj: "1001" is not between -1000 and 1000'] },
  { given: "oomScoreAdj: -1001", want: ['oomScoreAdj: "-1001" is not between -1000 and 1000'] },
  ...["kernelspace", "IPVS", "foo"].map((mode) => ({
    given: `mode: ${mode}`,
    want: [
      `mode: "${mode}" is not a mode, write "nftables", "iptables" or "ipvs" (blank means iptables)`,
    ],
  })),
  { given: "clientConnection: {burst: -5}", want: ['clientConnection.burst: "-5" is negative'] },
  { given: "configSyncPeriod: -1s", want: ['configSyncPeriod: "-1s" is not more than zero'] },
  {
    given: "iptables: {syncPeriod: -5s, minSyncPeriod: 2s}",
    want: [
      'iptables.syncPeriod: "-5s" is not more than zero',
      'iptables.syncPeriod: "-5s" is less than minSyncPeriod "2s"',
    ],
  },
  {
    given: "mode: nftables\nnftables: {minSyncPeriod: -1s}",
    want: ['nftables.minSyncPeriod: "-1s" is negative'],
  },
  {
    given: "mode: ipvs\nipvs: {syncPeriod: 1s, minSyncPeriod: 5s}",
    want: ['ipvs.syncPeriod: "1s" is less than minSyncPeriod "5s"'],
  },
  ...["[::]", "10.0.0.1:80", "foo", "10.0.0", "fe80::1%eth0"].map((address) => ({
    given: `bindAddress: "${address}"`,
    want: [`bindAddress: "${address}" is not an IP address without brackets and port`],
  })),
  {
    given: "healthzBindAddress: 10.0.0.1:0\nmetricsBindAddress: 10.0.0.1:http",
    want: [
      'healthzBindAddress: "10.0.0.1:0" does not end with a port from 1 to 65535, write e.g. "0.0.0.0:10256"',
      'metricsBindAddress: "10.0.0.1:http" does not end with a port from 1 to 65535, write e.g. "0.0.0.0:10256"',
    ],
  },
  {
    given: 'healthzBindAddress: "[fd00::5]"',
    want: ['healthzBindAddress: "[fd00::5]" is not IP:port, write e.g. "0.0.0.0:10256"'],
  },
  {
    given: "nodePortAddresses: [1.2.3.4, 10.0.0.0/8, '::1']",
    want: [
      'nodePortAddresses[0]: "1.2.3.4" is not a CIDR like "192.0.2.0/24"',
      'nodePortAddresses[2]: "::1" is not a CIDR like "192.0.2.0/24"',
    ],
  },
  {
    given: "nodePortAddresses: [primary, 10.0.0.0/8]",
    want: ['nodePortAddresses[0]: "primary" cannot stand beside other entries'],
  },
  {
    given: "nodePortAddresses: [10.0.0.0/8, primary, foo]",
    want: ['nodePortAddresses[1]: "primary" cannot stand beside other entries'],
  },
  {
    given: "nodePortAddresses: [null]",
    want: ['nodePortAddresses[0]: "" is not a CIDR like "192.0.2.0/24"'],
  },
  {
    given: 'showHiddenMetricsForVersion: "1.34"',
    want: [
      'showHiddenMetricsForVersion: "1.34" is not the minor release before 1.36.3, write "1.35"',
    ],
  },
  {
    given: "detectLocalMode: foo",
    want: [
      'detectLocalMode: "foo" is not one of "ClusterCIDR", "NodeCIDR", "BridgeInterface", "InterfaceNamePrefix", ""',
    ],
  },
  {
    given: "detectLocalMode: BridgeInterface\ndetectLocal: {interfaceNamePrefix: eth}",
    want: [
      'detectLocal.bridgeInterface: "" is not possible with detectLocalMode "BridgeInterface"',
    ],
  },
  {
    given: "detectLocalMode: BridgeInterface\ndetectLocal: {bridgeInterface: 'x\" drop ; #'}",
    want: [
      `detectLocal.bridgeInterface: "x\\" drop ; #" is no name of an interface: ` +
      `it has a blank, '"', "/" or ":"`,
    ],
  },
  {
    given: "detectLocalMode: InterfaceNamePrefix\ndetectLocal: {interfaceNamePrefix: a/b}",
    want: [
      'detectLocal.interfaceNamePrefix: "a/b" is no name of an interface: ' +
      `it has a blank, '"', "/" or ":"`,
    ],
  },
  {
    given: "detectLocalMode: InterfaceNamePrefix\ndetectLocal: {bridgeInterface: eth0}",
    want: [
      'detectLocal.interfaceNamePrefix: "" is not possible with detectLocalMode "InterfaceNamePrefix"',
    ],
  },
  { given: "clusterCIDR: 10.244.0.0", want: ['clusterCIDR: "10.244.0.0" (item 1) is not a CIDR'] },
  {
    given: "clusterCIDR: 10.244.0.0/16, fd00::/48",
    want: ['clusterCIDR: " fd00::/48" (item 2) is not a CIDR'],
  },
  {
    given: 'clusterCIDR: ","',
    want: ['clusterCIDR: "" (item 1) is not a CIDR', 'clusterCIDR: "" (item 2) is not a CIDR'],
  },
  {
    given: "clusterCIDR: 10.0.0.0/8,192.168.0.0/16",
    want: [
      'clusterCIDR: "10.0.0.0/8,192.168.0.0/16" is neither one CIDR nor one of each IP family',
    ],
  },
  {
    given: "clusterCIDR: 10.0.0.0/8,fd00::/48,fd01::/48",
    want: [
      'clusterCIDR: "10.0.0.0/8,fd00::/48,fd01::/48" is neither one CIDR nor one of each IP family',
    ],
  },
  {
    given: "logging: {format: xml}",
    want: ['logging.format: "xml" is not a log format, write "text" or "json"'],
  },
  {
    given: "logging: {flushFrequency: -1s}",
    want: ['logging.flushFrequency: "-1s" is not more than zero'],
  },
  {
    given: "logging: {verbosity: 2147483648}",
    want: ['logging.verbosity: "2147483648" is more than 2147483647'],
  },
  {
    given:
      "logging: {format: json, vmodule: [{filePattern: a, verbosity: 2147483648}, {filePattern: 'a=b'}, {}]}",
    want: [
      'logging.vmodule: The field works with the log format "text" only',
      'logging.vmodule[0].verbosity: "2147483648" is more than 2147483647',
      'logging.vmodule[1].filePattern: "a=b" is not a file pattern: it is empty or has "=" or "," in it',
      'logging.vmodule[2].filePattern: "" is not a file pattern: it is empty or has "=" or "," in it',
    ],
  },
  {
    given: "logging: {options: {text: {splitStream: true}, json: {infoBufferSize: 4Ki}}}",
    want: [
      "logging.options.json.infoBufferSize: The field needs the feature gate LoggingAlphaOptions",
    ],
  },
];

Deno.test("Every rule of kube-proxy's validation is kept, with the field and the value in the message", () => {
  for (const { given, want } of REFUSED) assert.deepEqual(problemsOf(given), want, given);
});

Deno.test("Problems of different fields are reported together", () => {
  const problems = problemsOf(
    'mode: foo\nbindAddress: "[::]"\noomScoreAdj: 2000\niptables: {masqueradeBit: 99}\nclusterCIDR: x',
  );
  assert.equal(problems.length, 5);
});

Deno.test("Strict mode refuses every mode that would run as nftables", () => {
  for (const mode of ["", "iptables", "ipvs", "userspace"]) {
    const { config } = parseConfiguration(configText(`mode: "${mode}"`), { file: "x" });
    assert.deepEqual(validateConfiguration(config, { strictMode: true }), [{
      path: "mode",
      message: `"${mode}" would run as nftables, which --strict-mode refuses, write "nftables"`,
    }]);
  }
  const { config } = parseConfiguration(configText("mode: nftables"), { file: "x" });
  assert.deepEqual(validateConfiguration(config, { strictMode: true }), []);
});
