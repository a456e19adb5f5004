import assert from "node:assert/strict";
import { ConfigError } from "../../config/config_error.ts";
import { parseConfiguration } from "../../config/parse.ts";
import { configText } from "./config_text.ts";

/** The error that a file with `text` is refused with. */
function refusal(text: string): ConfigError {
  try {
    parseConfiguration(text, { file: "weir.yaml" });
  } catch (error) {
    assert.ok(error instanceof ConfigError, String(error));
    return error;
  }
  assert.fail(`The text was accepted:\n${text}`);
}

Deno.test("An ipvs configuration of a running cluster is accepted as it stands", () => {
  const { config, warnings } = parseConfiguration(
    configText(`mode: "ipvs"
clusterCIDR: "10.244.0.0/16"
ipvs:
  scheduler: "rr"
  minSyncPeriod: 5s
  syncPeriod: 30s
`),
    { file: "weir.yaml" },
  );
  assert.equal(config.mode, "ipvs");
  assert.equal(config.ipvs.scheduler, "rr");
  assert.deepEqual([config.ipvs.minSyncPeriod, config.ipvs.syncPeriod], [5000, 30_000]);
  assert.deepEqual(warnings, []);
});

Deno.test("JSON is read as well as YAML", () => {
  const { config } = parseConfiguration(
    JSON.stringify({
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      kind: "KubeProxyConfiguration",
      mode: "nftables",
      nftables: { syncPeriod: "5s" },
    }),
    { file: "weir.json" },
  );
  assert.deepEqual([config.mode, config.nftables.syncPeriod], ["nftables", 5000]);
});

Deno.test("Unknown and duplicate fields warn once with their paths, and the rest stays intact", () => {
  const { config, warnings } = parseConfiguration(
    configText(`mode: iptables
mode: nftables
foo: 1
nftables:
  bar: {baz: 2}
  masqueradeBit: 3
  masqueradeBit: 4
logging: {vmodule: [{filePattern: a, verbosity: 1, qux: 5}]}
`),
    { file: "weir.yaml" },
  );
  assert.equal(warnings.length, 1);
  for (
    const part of [
      '"foo" (line 5)',
      '"nftables.bar" (line 7)',
      '"logging.vmodule[0].qux" (line 10)',
      '"mode" (line 4)',
      '"nftables.masqueradeBit" (line 9)',
      '"weir.yaml"',
    ]
  ) {
    assert.ok(warnings[0]?.includes(part), `${part} is not in ${warnings[0]}`);
  }
  assert.equal(config.mode, "nftables");
  assert.equal(config.nftables.masqueradeBit, 4);
  assert.deepEqual(config.logging.vmodule, [{ filePattern: "a", verbosity: 1 }]);
});

Deno.test("Keys are case-sensitive", () => {
  const { config, warnings } = parseConfiguration(configText("Mode: nftables"), { file: "x" });
  assert.equal(config.mode, "");
  assert.match(warnings.join(), /"Mode"/);
});

Deno.test("Documents after the first one are not read, which a warning says", () => {
  const { config, warnings } = parseConfiguration(
    configText("mode: nftables\n---\nmode: ipvs\n"),
    { file: "weir.yaml" },
  );
  assert.equal(config.mode, "nftables");
  assert.match(warnings.join(), /several documents/);
});

Deno.test("Every value of the wrong type is reported with path, line and value", () => {
  const table: { given: string; path: string; message: string }[] = [
    {
      given: "iptables: {syncPeriod: 30}",
      path: "iptables.syncPeriod",
      message: '"30" is not a duration, write e.g. "30s"',
    },
    {
      given: 'iptables: {syncPeriod: ""}',
      path: "iptables.syncPeriod",
      message: '"" is not a duration, write e.g. "30s"',
    },
    {
      given: "iptables: {minSyncPeriod: null}",
      path: "iptables.minSyncPeriod",
      message: '"null" is not a duration, write e.g. "30s"',
    },
    {
      given: "conntrack: {udpTimeout: 5d}",
      path: "conntrack.udpTimeout",
      message: '"5d" is not a duration, write e.g. "30s"',
    },
    {
      given: "logging: {flushFrequency: soon}",
      path: "logging.flushFrequency",
      message: '"soon" is not a duration, write e.g. "30s"',
    },
    { given: "conntrack: {min: x}", path: "conntrack.min", message: '"x" is not a whole number' },
    { given: "oomScoreAdj: 5.5", path: "oomScoreAdj", message: '"5.5" is not a whole number' },
    {
      given: "oomScoreAdj: 3000000000",
      path: "oomScoreAdj",
      message: '"3000000000" is not a whole number',
    },
    {
      given: "logging: {verbosity: -1}",
      path: "logging.verbosity",
      message: '"-1" is not a whole number from 0',
    },
    {
      given: 'enableProfiling: "true"',
      path: "enableProfiling",
      message: '"true" is not a boolean',
    },
    { given: "bindAddress: 5", path: "bindAddress", message: '"5" is not a string' },
    {
      given: "showHiddenMetricsForVersion: 1.35",
      path: "showHiddenMetricsForVersion",
      message: '"1.35" is not a string',
    },
    {
      given: "nodePortAddresses: [1]",
      path: "nodePortAddresses[0]",
      message: '"1" is not a string',
    },
    {
      given: "nodePortAddresses: 10.0.0.0/8",
      path: "nodePortAddresses",
      message: '"10.0.0.0/8" is not a list',
    },
    {
      given: "featureGates: {AllAlpha: 1}",
      path: "featureGates.AllAlpha",
      message: '"1" is not a boolean',
    },
    { given: "ipvs: 5", path: "ipvs", message: '"5" is not a group of fields' },
    {
      given: "logging: {options: {text: {infoBufferSize: big}}}",
      path: "logging.options.text.infoBufferSize",
      message: '"big" is not a quantity such as 512 or 4Ki',
    },
  ];
  for (const { given, path, message } of table) {
    assert.deepEqual(refusal(configText(given)).problems, [{ path, message, line: 3 }], given);
  }
});

Deno.test("All problems are reported at once, bad types and bad values alike, in the file's order", () => {
  const error = refusal(configText(`mode: "foo"
clusterCIDR: "10.244.0.0"
iptables:
  syncPeriod: 30
  minSyncPeriod: 1m
nodePortAddresses:
- 1.2.3.4
- 7
oomScoreAdj: 5000
`));
  assert.deepEqual(error.problems.map(({ path, line }) => [path, line]), [
    ["mode", 3],
    ["clusterCIDR", 4],
    ["iptables.syncPeriod", 6],
    ["nodePortAddresses[0]", 9],
    ["nodePortAddresses[1]", 10],
    ["oomScoreAdj", 11],
  ]);
  assert.equal(error.message.split("\n").length, 7);
  assert.equal(error.message.split("\n")[0], 'Cannot use configuration "weir.yaml":');
  assert.ok(error.message.includes('\n  nodePortAddresses[1] (line 10): "7" is not a string\n'));
});

Deno.test("What is no configuration is refused with the reason", () => {
  const table: { name: string; given: string; want: RegExp }[] = [
    { name: "garbage", given: "fizzbuzz", want: /"fizzbuzz" is not a KubeProxyConfiguration/ },
    { name: "nothing", given: "", want: /is not a KubeProxyConfiguration/ },
    {
      name: "an unquoted ::",
      given: configText("bindAddress: ::"),
      want: /line 3: .*not valid YAML/,
    },
    { name: "a bracket", given: '{"a": 1', want: /not valid YAML/ },
    { name: "a tab", given: "a:\n\tb: 1", want: /line 2: .*tab characters/ },
    { name: "an alias of nothing", given: "a: *b", want: /not valid YAML.*alias/ },
    {
      name: "a foreign kind",
      given: "apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeletConfiguration",
      want:
        /kind \(line 2\): "KubeletConfiguration" is not supported, write "KubeProxyConfiguration"/,
    },
    {
      name: "a foreign version",
      given: "apiVersion: kubeproxy.config.k8s.io/v1beta1\nkind: KubeProxyConfiguration",
      want: /apiVersion \(line 1\): "kubeproxy.config.k8s.io\/v1beta1" is not supported/,
    },
    {
      name: "no version",
      given: "kind: KubeProxyConfiguration",
      want: /apiVersion: The field is missing/,
    },
  ];
  for (const { name, given, want } of table) assert.match(refusal(given).message, want, name);
});

Deno.test("An alias bomb is refused without filling the memory", () => {
  const levels = Array.from("bcdefghij", (name, index) => {
    const before = "abcdefghij"[index];
    return `${name}: &${name} [${Array(10).fill(`*${before}`).join(", ")}]`;
  });
  assert.match(refusal(["a: &a [x, x]", ...levels].join("\n")).message, /not valid YAML/);
});

Deno.test("amend changes the configuration before it is validated", () => {
  const { config } = parseConfiguration(configText("logging: {format: xml}"), {
    file: "weir.yaml",
    amend: (read) => ({ ...read, logging: { ...read.logging, format: "json" } }),
  });
  assert.equal(config.logging.format, "json");
});
