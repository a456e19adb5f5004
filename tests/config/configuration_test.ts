import assert from "node:assert/strict";
import { defaultConfiguration, type KubeProxyConfiguration } from "../../config/configuration.ts";
import { parseConfiguration } from "../../config/parse.ts";
import { configText } from "./config_text.ts";

const HOUR = 3_600_000;

/** Reads `fields` of an otherwise empty configuration. */
function read(fields: string): KubeProxyConfiguration {
  return parseConfiguration(configText(fields), { file: "test.yaml" }).config;
}

Deno.test("The defaults are those of kube-proxy", () => {
  const config = defaultConfiguration();
  assert.deepEqual(config.clientConnection, {
    kubeconfig: "",
    acceptContentTypes: "",
    contentType: "application/vnd.kubernetes.protobuf",
    qps: 5,
    burst: 10,
  });
  assert.deepEqual(config.iptables, {
    masqueradeBit: 14,
    masqueradeAll: false,
    localhostNodePorts: true,
    syncPeriod: 30_000,
    minSyncPeriod: 1000,
  });
  assert.deepEqual(config.nftables, {
    masqueradeBit: 14,
    masqueradeAll: false,
    syncPeriod: 30_000,
    minSyncPeriod: 1000,
  });
  assert.deepEqual([config.ipvs.syncPeriod, config.ipvs.minSyncPeriod], [30_000, 0]);
  assert.deepEqual(config.conntrack, {
    maxPerCore: 32768,
    min: 131072,
    tcpEstablishedTimeout: 24 * HOUR,
    tcpCloseWaitTimeout: HOUR,
    tcpBeLiberal: false,
    udpTimeout: 0,
    udpStreamTimeout: 0,
  });
  assert.deepEqual(
    [config.oomScoreAdj, config.configSyncPeriod, config.logging.flushFrequency],
    [-999, HOUR / 4, 5000],
  );
  assert.deepEqual([config.mode, config.detectLocalMode, config.clusterCIDR], ["", "", ""]);
});

Deno.test("An empty configuration and none at all are the same", () => {
  assert.deepEqual(read(""), defaultConfiguration());
});

Deno.test("Zero stands for the default, but not in pointer fields and minSyncPeriod", () => {
  const config = read(`
clientConnection: {qps: 0, burst: 0}
configSyncPeriod: 0s
oomScoreAdj: 0
iptables: {masqueradeBit: 0, localhostNodePorts: false, syncPeriod: "0", minSyncPeriod: 0s}
nftables: {masqueradeBit: 0, syncPeriod: 0s, minSyncPeriod: "0"}
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: "0"}
`);
  assert.deepEqual([config.clientConnection.qps, config.clientConnection.burst], [5, 10]);
  assert.equal(config.configSyncPeriod, HOUR / 4);
  assert.equal(config.oomScoreAdj, 0);
  assert.deepEqual(config.iptables, {
    masqueradeBit: 0,
    masqueradeAll: false,
    localhostNodePorts: false,
    syncPeriod: 30_000,
    minSyncPeriod: 0,
  });
  assert.deepEqual([config.nftables.masqueradeBit, config.nftables.minSyncPeriod], [0, 0]);
  assert.equal(config.nftables.syncPeriod, 30_000);
  assert.deepEqual([config.conntrack.maxPerCore, config.conntrack.min], [0, 0]);
  assert.equal(config.conntrack.tcpEstablishedTimeout, 0);
  assert.equal(config.conntrack.tcpCloseWaitTimeout, 0);
});

Deno.test("Null stands for the default", () => {
  const config = read(
    "iptables: null\nnodePortAddresses:\noomScoreAdj: ~\nmode:\nconntrack: {tcpEstablishedTimeout: }",
  );
  assert.deepEqual(config, defaultConfiguration());
});

Deno.test("Listen addresses get the default port, and the family of bindAddress when there are none", () => {
  const table: { name: string; given: string; healthz: string; metrics: string }[] = [
    { name: "none", given: "", healthz: "0.0.0.0:10256", metrics: "127.0.0.1:10249" },
    {
      name: "IPv6 bind",
      given: 'bindAddress: "::"',
      healthz: "[::]:10256",
      metrics: "[::1]:10249",
    },
    {
      name: "IPv4 bind",
      given: "bindAddress: 9.8.7.6",
      healthz: "0.0.0.0:10256",
      metrics: "127.0.0.1:10249",
    },
    {
      name: "bare IPv4",
      given: "healthzBindAddress: 127.0.0.1\nmetricsBindAddress: 127.0.0.1",
      healthz: "127.0.0.1:10256",
      metrics: "127.0.0.1:10249",
    },
    {
      name: "bare IPv6",
      given: "healthzBindAddress: fd00::5\nmetricsBindAddress: fd00::6",
      healthz: "[fd00::5]:10256",
      metrics: "[fd00::6]:10249",
    },
    {
      name: "with ports",
      given: "healthzBindAddress: 1.2.3.4:12345\nmetricsBindAddress: 2.3.4.5:23456",
      healthz: "1.2.3.4:12345",
      metrics: "2.3.4.5:23456",
    },
    {
      name: "empty",
      given: 'healthzBindAddress: ""\nmetricsBindAddress: ""',
      healthz: "0.0.0.0:10256",
      metrics: "127.0.0.1:10249",
    },
  ];
  for (const { name, given, healthz, metrics } of table) {
    const config = read(given);
    assert.deepEqual(
      [config.healthzBindAddress, config.metricsBindAddress],
      [healthz, metrics],
      name,
    );
  }
});

Deno.test("Fields are read in every form that Kubernetes reads", () => {
  assert.equal(read('bindAddress: "::0"').bindAddress, "::0");
  assert.equal(read("bindAddress: 10:20:30:40:50:1:2:3").bindAddress, "10:20:30:40:50:1:2:3");
  assert.equal(read("hostnameOverride: 2020-01-01").hostnameOverride, "2020-01-01");
  for (const yes of ["true", "yes", "on", "y", "Yes", "ON"]) {
    assert.equal(read(`enableProfiling: ${yes}`).enableProfiling, true, yes);
  }
  assert.equal(read("iptables: {localhostNodePorts: off}").iptables.localhostNodePorts, false);
  assert.equal(read("oomScoreAdj: 010").oomScoreAdj, 8);
  assert.equal(read("oomScoreAdj: 0o10").oomScoreAdj, 8);
  assert.equal(read("clientConnection: {qps: -1.5}").clientConnection.qps, -1.5);
  assert.equal(read("logging: {flushFrequency: 1000000000}").logging.flushFrequency, 1000);
  assert.equal(read("logging: {flushFrequency: 2s}").logging.flushFrequency, 2000);
  assert.equal(read("logging: {flushFrequency: }").logging.flushFrequency, 5000);
  assert.deepEqual(read("featureGates: {AllAlpha: true}").featureGates, { AllAlpha: true });
  assert.deepEqual(read("featureGates: {AllBeta: }").featureGates, { AllBeta: false });
  assert.deepEqual(read("logging: {vmodule: [{filePattern: a*, verbosity: 7}]}").logging.vmodule, [
    { filePattern: "a*", verbosity: 7 },
  ]);
});

Deno.test("Fields of Windows and of old modes are accepted without a word", () => {
  const { warnings } = parseConfiguration(
    configText(
      `portRange: "1-2"\nwindowsRunAsService: true\nwinkernel: {enableDSR: true, sourceVip: x}`,
    ),
    { file: "test.yaml" },
  );
  assert.deepEqual(warnings, []);
});
