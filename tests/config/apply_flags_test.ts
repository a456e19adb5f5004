import assert from "node:assert/strict";
import { applyFlags, flagWarnings, readFlags } from "../../config/apply_flags.ts";
import { ConfigError } from "../../config/config_error.ts";
import { defaultConfiguration, type KubeProxyConfiguration } from "../../config/configuration.ts";
import { effectiveSettings } from "../../config/effective.ts";
import { type Flag, FLAGS } from "../../config/flags.ts";
import { parseConfiguration } from "../../config/parse.ts";
import { configText } from "./config_text.ts";

/** Reads `name=value` items. */
function given(...items: string[]) {
  const texts = new Map<string, string[]>();
  for (const item of items) {
    const [name = "", value = ""] = item.split(/=(.*)/s);
    texts.set(name, [...texts.get(name) ?? [], value]);
  }
  return readFlags(texts);
}

/** The configuration of a command line without `--config`. */
function fromFlags(...items: string[]): KubeProxyConfiguration {
  return applyFlags(defaultConfiguration(), given(...items), { fromFile: false });
}

/** The configuration of a command line with `--config`, whose file has these fields. */
function beside(fields: string, ...items: string[]): KubeProxyConfiguration {
  const amend = (config: KubeProxyConfiguration) =>
    applyFlags(config, given(...items), { fromFile: true });
  return parseConfiguration(configText(fields), { file: "x", amend }).config;
}

Deno.test("No flags and no file give the defaults, but for the pause of ipvs", () => {
  assert.deepEqual(fromFlags(), defaultConfiguration());
  assert.equal(fromFlags("proxy-mode=ipvs").ipvs.minSyncPeriod, 1000);
});

Deno.test("Every flag that names a field sets it, and nothing else", () => {
  const samples: Record<string, [string, unknown]> = {
    bool: ["true", true],
    string: ["x", "x"],
    int32: ["7", 7],
    level: ["7", 7],
    float: ["7.5", 7.5],
    duration: ["7s", 7000],
    list: ["a,b", ["a", "b"]],
    gates: ["A=true", { A: true }],
    ip: ["9.9.9.9", "9.9.9.9"],
    quantity: ["7Ki", "7Ki"],
  };
  for (const { name, type, field } of FLAGS.filter(hasField)) {
    const [text, value] = samples[type] ?? assert.fail(`No sample for the type ${type}`);
    const changed = changes(
      defaultConfiguration(),
      fromFlags(`proxy-mode=nftables`, `${name}=${text}`),
    )
      .filter(([path]) => path !== "mode" || field === "mode");
    const want = field === "iptables.localhostNodePorts" ? [] : [[field, JSON.stringify(value)]];
    assert.deepEqual(changed, want, name);
  }
  assert.equal(fromFlags("iptables-localhost-nodeports=false").iptables.localhostNodePorts, false);
});

function hasField(flag: Flag): flag is Flag & { field: string } {
  return flag.field !== undefined;
}

/** The fields in which two configurations differ, and the JSON of their values in the second. */
function changes(before: object, after: object, prefix = ""): [string, string][] {
  return Object.entries(after).flatMap(([key, value]): [string, string][] => {
    const old = (before as Record<string, unknown>)[key];
    const leaf = typeof value !== "object" || Array.isArray(value) || key === "featureGates";
    if (!leaf) return changes(old as object, value, `${prefix}${key}.`);
    return JSON.stringify(old) === JSON.stringify(value)
      ? []
      : [[prefix + key, JSON.stringify(value)]];
  });
}

Deno.test("Explicit zeros of conntrack flags stay zero", () => {
  const { conntrack } = fromFlags(
    "conntrack-max-per-core=0",
    "conntrack-min=0",
    "conntrack-tcp-timeout-established=0s",
    "conntrack-tcp-timeout-close-wait=0",
  );
  assert.deepEqual(
    [
      conntrack.maxPerCore,
      conntrack.min,
      conntrack.tcpEstablishedTimeout,
      conntrack.tcpCloseWaitTimeout,
    ],
    [0, 0, 0, 0],
  );
});

Deno.test("With both families of sync flags, iptables' count but in mode ipvs", () => {
  const flags = [
    "iptables-sync-period=36s",
    "iptables-min-sync-period=3s",
    "ipvs-sync-period=37s",
    "ipvs-min-sync-period=4s",
  ];
  const table = [
    { mode: "", want: [36_000, 3000] },
    { mode: "iptables", want: [36_000, 3000] },
    { mode: "nftables", want: [36_000, 3000] },
    { mode: "ipvs", want: [37_000, 4000] },
  ];
  for (const { mode, want } of table) {
    const settings = effectiveSettings(fromFlags(...flags, `proxy-mode=${mode}`));
    assert.deepEqual([settings.syncPeriodMs, settings.minSyncPeriodMs], want, mode);
  }
});

Deno.test("A pause of zero can be asked for with flags", () => {
  const settings = effectiveSettings(
    fromFlags("proxy-mode=nftables", "iptables-min-sync-period=0"),
  );
  assert.equal(settings.minSyncPeriodMs, 0);
});

Deno.test("--masquerade-all counts in every mode", () => {
  for (const mode of ["", "iptables", "ipvs", "nftables"]) {
    const config = fromFlags("masquerade-all=true", `proxy-mode=${mode}`);
    assert.equal(effectiveSettings(config).masqueradeAll, true, mode);
  }
});

Deno.test("Listen addresses without a port get the one of the deprecated flag", () => {
  const table: { name: string; given: string[]; healthz: string; metrics: string }[] = [
    { name: "none", given: [], healthz: "0.0.0.0:10256", metrics: "127.0.0.1:10249" },
    {
      name: "bare addresses",
      given: ["healthz-bind-address=1.2.3.4", "metrics-bind-address=fd00::5"],
      healthz: "1.2.3.4:10256",
      metrics: "[fd00::5]:10249",
    },
    {
      name: "bare addresses and ports",
      given: [
        "healthz-bind-address=1.2.3.4",
        "healthz-port=12345",
        "metrics-bind-address=fd00::5",
        "metrics-port=23456",
      ],
      healthz: "1.2.3.4:12345",
      metrics: "[fd00::5]:23456",
    },
    {
      name: "addresses with ports win",
      given: [
        "healthz-bind-address=1.2.3.4:1",
        "healthz-port=2",
        "metrics-bind-address=1.2.3.4:3",
        "metrics-port=4",
      ],
      healthz: "1.2.3.4:1",
      metrics: "1.2.3.4:3",
    },
    {
      name: "a port alone changes nothing, as the default address has one",
      given: ["healthz-port=9999"],
      healthz: "0.0.0.0:10256",
      metrics: "127.0.0.1:10249",
    },
    { name: "port 0", given: ["healthz-port=0"], healthz: "", metrics: "127.0.0.1:10249" },
    {
      name: "empty addresses",
      given: ["healthz-bind-address=", "metrics-bind-address="],
      healthz: "0.0.0.0:10256",
      metrics: "127.0.0.1:10249",
    },
    {
      name: "the bind address has no say",
      given: ["bind-address=::"],
      healthz: "0.0.0.0:10256",
      metrics: "127.0.0.1:10249",
    },
  ];
  for (const { name, given, healthz, metrics } of table) {
    const config = fromFlags(...given);
    assert.deepEqual(
      [config.healthzBindAddress, config.metricsBindAddress],
      [healthz, metrics],
      name,
    );
  }
});

Deno.test("An empty --bind-address and --cluster-cidr ask for nothing", () => {
  assert.equal(fromFlags("bind-address=").bindAddress, "0.0.0.0");
  assert.equal(fromFlags("cluster-cidr=").clusterCIDR, "");
});

Deno.test("--cluster-cidr keeps the order given, and each family gets its own", () => {
  const config = fromFlags("cluster-cidr=fd00:1::/64,10.0.0.0/24");
  assert.equal(config.clusterCIDR, "fd00:1::/64,10.0.0.0/24");
  assert.deepEqual(effectiveSettings(config).detectLocal, {
    mode: "ClusterCIDR",
    cidrs: { IPv4: ["10.0.0.0/24"], IPv6: ["fd00:1::/64"] },
  });
});

Deno.test("With --config only logging flags and the node's name count", () => {
  const config = beside(
    "mode: ipvs\nipvs: {scheduler: wrr}\nlogging: {verbosity: 1, vmodule: [{filePattern: file, verbosity: 1}]}",
    "v=7",
    "vmodule=flag=2,other=3",
    "log-flush-frequency=1s",
    "ipvs-scheduler=sh",
    "proxy-mode=nftables",
    "masquerade-all=true",
    "healthz-port=0",
  );
  assert.deepEqual([config.logging.verbosity, config.logging.flushFrequency], [7, 1000]);
  assert.deepEqual(config.logging.vmodule, [
    { filePattern: "flag", verbosity: 2 },
    { filePattern: "other", verbosity: 3 },
    { filePattern: "file", verbosity: 1 },
  ]);
  assert.deepEqual([config.mode, config.ipvs.scheduler], ["ipvs", "wrr"]);
  assert.equal(config.iptables.masqueradeAll, false);
  assert.equal(config.healthzBindAddress, "0.0.0.0:10256");
});

Deno.test("A logging flag overrides the file only when it is given", () => {
  assert.equal(beside("logging: {format: json}").logging.format, "json");
  assert.equal(beside("logging: {format: json}", "logging-format=text").logging.format, "text");
});

Deno.test("--hostname-override beats the file, trimmed and in lower case", () => {
  assert.equal(beside("hostnameOverride: foo", "hostname-override=  Bar ").hostnameOverride, "bar");
  assert.equal(beside("hostnameOverride: foo").hostnameOverride, "foo");
  assert.equal(beside("hostnameOverride: foo", "hostname-override=").hostnameOverride, "foo");
  assert.equal(fromFlags("hostname-override=  bar ").hostnameOverride, "bar");
  assert.throws(() => fromFlags("hostname-override=   "), ConfigError);
});

Deno.test("flagWarnings() names deprecated flags, and those that a file makes useless", () => {
  const flags = given("healthz-port=1", "proxy-mode=ipvs", "v=3", "config=x", "manifests=y");
  assert.deepEqual(flagWarnings(flags, { fromFile: false }), [
    "Flag --healthz-port is deprecated, use --healthz-bind-address instead",
  ]);
  assert.deepEqual(flagWarnings(flags, { fromFile: true }), [
    "Flag --healthz-port is deprecated, use --healthz-bind-address instead",
    "With --config, these flags do not count: --proxy-mode, --healthz-port",
  ]);
});

Deno.test("The input configuration is never changed", () => {
  const config = defaultConfiguration();
  const before = JSON.stringify(config);
  applyFlags(config, given("v=7", "vmodule=a=1", "ipvs-scheduler=sh"), { fromFile: false });
  assert.equal(JSON.stringify(config), before);
});
