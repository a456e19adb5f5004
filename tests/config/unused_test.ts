import assert from "node:assert/strict";
import { readFlags } from "../../config/apply_flags.ts";
import { defaultConfiguration } from "../../config/configuration.ts";
import { FLAGS } from "../../config/flags.ts";
import { parseConfiguration } from "../../config/parse.ts";
import { UNUSED, UNUSED_FLAGS, unusedWarnings, valueAt } from "../../config/unused.ts";
import { configText } from "./config_text.ts";

function warningsOf(fields: string, flags: Readonly<Record<string, string>> = {}) {
  const { config } = parseConfiguration(configText(fields), { file: "x" });
  const given = Object.entries(flags).map(([name, text]) => [name, [text]] as const);
  return unusedWarnings(config, readFlags(new Map(given)));
}

Deno.test("Defaults, written out or not, are nothing to be warned about", () => {
  const config = defaultConfiguration();
  for (const { fields } of UNUSED) {
    for (const [path, ...harmless] of fields) {
      assert.ok(harmless.includes(valueAt(config, path)), path);
    }
  }
  assert.deepEqual(warningsOf(""), []);
  assert.deepEqual(
    warningsOf(
      "clientConnection: {qps: 5, burst: 0, contentType: application/json}\nportRange: ''",
    ),
    [],
  );
});

Deno.test("All settings without effect are named in one warning, each with the reason", () => {
  const [warning, ...more] = warningsOf(
    `clientConnection: {qps: 50, burst: 100}
enableProfiling: true
featureGates: {LoggingAlphaOptions: true, AllowServiceExternalIPs: false, AllAlpha: true, AllBeta: false}
logging: {options: {json: {splitStream: true}}}
winkernel: {enableDSR: true}`,
    { "boot-id-file": "/x" },
  );
  assert.deepEqual(more, []);
  for (
    const part of [
      "These settings have no effect: clientConnection.qps, clientConnection.burst (weir holds",
      "enableProfiling (weir serves no profiles)",
      "logging.options.json.splitStream (",
      "winkernel.enableDSR (they are for Windows)",
      "featureGates.AllAlpha (",
      "--boot-id-file (",
    ]
  ) assert.ok(warning?.includes(part), `${part} in ${warning}`);
  for (const part of ["ExternalIPs", "AllBeta", "LoggingAlpha", "text", "machine-id"]) {
    assert.ok(!warning?.includes(part), `${part} in ${warning}`);
  }
});

Deno.test("What is set for other modes is named too, but not what kubeadm writes into every file", () => {
  const kubeadm = `
iptables: {localhostNodePorts: null, masqueradeAll: false, masqueradeBit: null, minSyncPeriod: 0s, syncPeriod: 0s}
ipvs: {excludeCIDRs: null, minSyncPeriod: 0s, scheduler: "", strictARP: false, syncPeriod: 0s, tcpTimeout: 0s}
nftables: {masqueradeAll: false, masqueradeBit: null, minSyncPeriod: 0s, syncPeriod: 0s}`;
  for (const mode of ["", "iptables", "ipvs", "nftables"]) {
    assert.deepEqual(warningsOf(`mode: "${mode}"${kubeadm}`), [], mode);
  }
  const set = `
iptables: {masqueradeAll: true, localhostNodePorts: false, syncPeriod: 7s}
ipvs: {strictARP: true, excludeCIDRs: [10.0.0.0/8], minSyncPeriod: 2s}
nftables: {masqueradeBit: 7}`;
  const table = [
    {
      mode: "nftables",
      want: "iptables.masqueradeAll, iptables.localhostNodePorts, iptables.syncPeriod, " +
        "ipvs.minSyncPeriod, ipvs.excludeCIDRs, ipvs.strictARP",
    },
    {
      mode: "iptables",
      want: "ipvs.minSyncPeriod, ipvs.excludeCIDRs, ipvs.strictARP, nftables.masqueradeBit",
    },
    {
      mode: "ipvs",
      want: "iptables.localhostNodePorts, iptables.syncPeriod, nftables.masqueradeBit",
    },
  ];
  for (const { mode, want } of table) {
    assert.deepEqual(warningsOf(`mode: ${mode}${set}`), [
      `These settings have no effect: ${want} (they are for other modes than "${mode}")`,
    ]);
  }
});

Deno.test("Flags for the periods of another mode are named, unless a file makes all such flags useless", () => {
  const periods = { "ipvs-sync-period": "7s", "iptables-min-sync-period": "2s" };
  assert.deepEqual(warningsOf("mode: nftables", periods), [
    'These settings have no effect: --ipvs-sync-period (they are for other modes than "nftables")',
  ]);
  assert.deepEqual(warningsOf("mode: ipvs", periods), [
    'These settings have no effect: --iptables-min-sync-period (they are for other modes than "ipvs")',
  ]);
  assert.deepEqual(warningsOf("mode: ipvs", { ...periods, config: "x" }), []);
});

Deno.test("Flags without effect say so in help", () => {
  const fields: readonly string[] = UNUSED.flatMap((each) => each.fields.map(([path]) => path));
  const idle = FLAGS.filter(({ name, field }) =>
    UNUSED_FLAGS.includes(name) || fields.includes(field ?? "")
  );
  assert.ok(idle.length > UNUSED_FLAGS.length);
  for (const { name, help } of idle) assert.match(help, /^No effect/, name);
});
