import assert from "node:assert/strict";
import type { Command } from "../../cli/command.ts";
import { parseCommandLine } from "../../cli/command_line.ts";
import { UsageError } from "../../cli/usage_error.ts";
import { versionLine, versionReport } from "../../cli/version.ts";
import { ConfigError } from "../../config/config_error.ts";
import { FLAGS } from "../../config/flags.ts";
import { configText } from "../config/config_text.ts";

const FILES: Readonly<Record<string, string>> = {
  "weir.yaml": configText("mode: nftables\nhostnameOverride: foo\nclusterCIDR: 10.244.0.0/16"),
  "ipvs.yaml": configText("mode: ipvs\nipvs: {scheduler: rr}\nfoo: 1"),
  "bad.yaml": configText("mode: foo\noomScoreAdj: 5000"),
};

/** Reads a command line whose files are those of `FILES`. */
function parse(...argv: string[]): Promise<Command> {
  return parseCommandLine(argv, {
    readTextFile: (path) => {
      const text = FILES[path];
      return text === undefined
        ? Promise.reject(new Deno.errors.NotFound(`No such file: ${path}`))
        : Promise.resolve(text);
    },
  });
}

async function refusal(...argv: string[]): Promise<UsageError> {
  const error = await parse(...argv).catch((error: unknown) => error);
  assert.ok(error instanceof UsageError, `${argv.join(" ")}: ${JSON.stringify(error)}`);
  return error;
}

async function help(...argv: string[]): Promise<string> {
  const command = await parse(...argv);
  assert.ok(command.command === "help", argv.join(" "));
  return command.text;
}

async function run(...argv: string[]) {
  const command = await parse(...argv);
  assert.ok(command.command === "run", argv.join(" "));
  return command.options;
}

Deno.test("A command line of flags alone is the daemon's", async () => {
  const options = await run(
    "--config=weir.yaml",
    "--hostname-override",
    "Node-1",
    "--v=2",
    "--dry-run",
  );
  assert.equal(options.config.mode, "nftables");
  assert.equal(options.config.hostnameOverride, "node-1");
  assert.equal(options.config.logging.verbosity, 2);
  assert.deepEqual(options.warnings, []);
  assert.deepEqual([...options.flags.keys()].sort(), [
    ...["config", "dry-run", "hostname-override", "v"],
  ]);
  const { config: _, reload: __, flags: ___, ...rest } = options;
  assert.deepEqual(rest, {
    warnings: [],
    configFile: "weir.yaml",
    configText: FILES["weir.yaml"],
    master: "",
    manifests: "",
    writeConfigTo: "",
    dryRun: true,
    cleanup: undefined,
    initOnly: false,
    reportedVersion: "",
  });
});

Deno.test("Whose rules a cleanup removes: with both flags the fewer", async () => {
  const scopeOf = async (...argv: readonly string[]) => (await run(...argv)).cleanup;
  assert.equal(await scopeOf("--cleanup"), "weir and kube-proxy");
  assert.equal(await scopeOf("--cleanup-weir-only"), "weir");
  assert.equal(await scopeOf("--cleanup", "--cleanup-weir-only"), "weir");
  assert.equal(await scopeOf("--cleanup=false"), undefined);
});

Deno.test("The daemon can be named, and flags may stand before and after the name", async () => {
  const options = await run(
    "--master",
    "https://a",
    "run",
    "--proxy-mode=nftables",
    "--manifests=dir",
  );
  assert.deepEqual([options.master, options.config.mode, options.manifests], [
    "https://a",
    "nftables",
    "dir",
  ]);
});

Deno.test("render takes the same flags, and needs manifests", async () => {
  const command = await parse(
    "render",
    "--manifests",
    "dir",
    "--config",
    "weir.yaml",
    "--nodeport_addresses=x",
  );
  assert.ok(command.command === "render");
  assert.equal(command.options.manifests, "dir");
  assert.equal(command.options.config.clusterCIDR, "10.244.0.0/16");
  assert.match((await refusal("render")).message, /--manifests DIR/);
});

Deno.test("Warnings come from the flags, the file and the mode", async () => {
  const { warnings } = await run("--config", "ipvs.yaml", "--proxy-mode=nftables");
  assert.equal(warnings.length, 3);
  assert.match(warnings[0] ?? "", /--proxy-mode/);
  assert.match(warnings[1] ?? "", /"foo" \(line 5\)/);
  assert.match(warnings[2] ?? "", /^Mode "ipvs" becomes nftables: scheduler "rr" becomes a random/);
});

Deno.test("Nothing is said of a mode when weir is only pointed at a folder", async () => {
  assert.deepEqual((await run("--manifests", "dir")).warnings, []);
  assert.match((await run("--manifests", "dir", "--proxy-mode=ipvs")).warnings.join(), /ipvs/);
  assert.match((await run("--master", "x")).warnings.join(), /Mode ""/);
});

Deno.test("Versions are printed for --version and version", async () => {
  assert.deepEqual(await parse("--version"), { command: "version", text: versionLine() });
  assert.deepEqual(await parse("--version=raw"), { command: "version", text: versionReport() });
  assert.deepEqual(await parse("version"), { command: "version", text: versionReport() });
  assert.equal((await run("--version=v1.30.1")).reportedVersion, "v1.30.1");
  assert.equal((await run("--version=false")).reportedVersion, "");
});

Deno.test("Every flag that is not deprecated is in help", async () => {
  const text = await help("--help");
  for (const { name, deprecated } of FLAGS) {
    assert.equal(new RegExp(`--${name}\\b(?!-)`).test(text), deprecated === undefined, name);
  }
});

Deno.test("Help names defaults, commands and groups, and keeps to 80 columns", async () => {
  const text = await help("-h");
  for (const part of ["(default 15m0s)", "(default -999)", "Traffic:", "-v, --v int", "render  "]) {
    assert.ok(text.replace(/\s*\n\s+/g, " ").includes(part), part);
  }
  assert.deepEqual(text.split("\n").filter((line) => line.length > 80), []);
});

Deno.test("Help of a command comes three ways", async () => {
  const text = await help("render", "--help");
  assert.match(text, /^Usage: weir render \[flags\]/);
  assert.match(text, /--cluster-cidr string/);
  assert.equal(await help("help", "render"), text);
  assert.equal(await help("render", "-h"), text);
  assert.doesNotMatch(await help("demo", "--help"), /--cluster-cidr/);
});

Deno.test("A command line that is wrong is refused with what is wrong, and a suggestion where there is one", async () => {
  const table: { given: string[]; want: string }[] = [
    { given: ["--confg=x"], want: 'Unknown flag "--confg" (Did you mean --config?)' },
    { given: ["--confg", "x"], want: 'Unknown flag "--confg" (Did you mean --config?)' },
    {
      given: ["--nodeport-addreses=x"],
      want: 'Unknown flag "--nodeport-addreses" (Did you mean --nodeport-addresses?)',
    },
    {
      given: ["render", "--manifest", "x"],
      want: 'Unknown flag "--manifest" (Did you mean --manifests?)',
    },
    { given: ["--qqqqqq"], want: 'Unknown flag "--qqqqqq"' },
    { given: ["-x"], want: 'Unknown flag "-x"' },
    { given: ["rendr"], want: 'Unknown command "rendr" (Did you mean render?)' },
    { given: ["qqqqqq"], want: 'Unknown command "qqqqqq"' },
    { given: ["help", "rendr"], want: 'No command "rendr" to help with' },
    {
      given: ["run", "foo"],
      want: 'Too many arguments for "run". Expected 0 arguments but got 1: foo',
    },
    { given: ["--profiling", "false"], want: 'Unknown command "false"' },
    { given: ["--config"], want: 'Flag "--config <value>" argument missing' },
    { given: ["--v=x"], want: 'Cannot use "x" for --v: it is not a whole number' },
    { given: ["--v=-1"], want: 'Cannot use "-1" for --v: it is not between 0 and 2147483647' },
    {
      given: ["--iptables-sync-period", "5"],
      want: 'Cannot use "5" for --iptables-sync-period: it is not a duration, write e.g. "30s"',
    },
    {
      given: ["--version=foo"],
      want:
        'Cannot use "foo" for --version: it is neither "true", "raw" nor a version such as "v1.2.3"',
    },
  ];
  for (const { given, want } of table) {
    const error = await refusal(...given);
    assert.equal(error.message, want, given.join(" "));
    assert.match(error.usage, /^Usage: weir /);
  }
});

Deno.test("What the configuration asks for in vain is a ConfigError with every problem", async () => {
  const table: { given: string[]; want: RegExp }[] = [
    {
      given: ["--config", "bad.yaml"],
      want: /"bad\.yaml":\n {2}mode \(line 3\).*\n {2}oomScoreAdj \(line 4\)/,
    },
    {
      given: ["--config", "none.yaml"],
      want: /"none\.yaml":\n {2}Cannot read the file: No such file/,
    },
    {
      given: ["--proxy-mode=foo", "--oom-score-adj=5000"],
      want: /command line:\n {2}mode.*\n {2}oomScoreAdj/,
    },
    { given: ["--metrics-port=0"], want: /metricsBindAddress: "" is not IP:port/ },
    { given: ["--feature-gates=Foo=true"], want: /"Foo" is not a feature gate/ },
    { given: ["--hostname-override=   "], want: /--hostname-override: " {3}" is blank/ },
    { given: ["--cleanup", "--cluster-cidr=x"], want: /clusterCIDR/ },
  ];
  for (const { given, want } of table) {
    await assert.rejects(parse(...given), (error) => {
      assert.ok(error instanceof ConfigError, given.join(" "));
      assert.match(error.message, want);
      return true;
    });
  }
});

Deno.test("The pod command of a running cluster is understood", async () => {
  const options = await run("--config=weir.yaml", "--hostname-override=node-7");
  assert.equal(options.config.hostnameOverride, "node-7");
});

Deno.test("Another text in the file is read with the flags of the start", async () => {
  const options = await run("--config=weir.yaml", "--hostname-override=node-7", "-v=3");
  const next = await options.reload(configText("mode: nftables\nhostnameOverride: bar"));
  assert.deepEqual(
    [next.config.hostnameOverride, next.config.logging.verbosity, next.config.clusterCIDR],
    ["node-7", 3, ""],
  );
  assert.equal(next.configFile, "weir.yaml");
  await assert.rejects(options.reload(configText("mode: foo")), ConfigError);
  const again = await next.reload(options.configText);
  assert.deepEqual(again.config, options.config);
});

Deno.test("--strict-mode refuses the other modes, with the line where there is one", async () => {
  assert.equal((await run("--strict-mode", "--config=weir.yaml")).config.mode, "nftables");
  assert.equal((await run("--strict-mode", "--proxy-mode=nftables")).config.mode, "nftables");
  assert.equal((await run("--strict-mode", "--manifests=dir")).config.mode, "", "nobody asked");
  for (
    const [given, want] of [
      [["--config=ipvs.yaml"], /mode \(line 3\): "ipvs" would run as nftables/],
      [["--proxy-mode=iptables"], /mode: "iptables" would run/],
      [[], /mode: "" would run/],
    ] as const
  ) await assert.rejects(parse("--strict-mode", ...given), want);
});

Deno.test("Every mode of kube-proxy's is accepted, those that become nftables with one warning", async () => {
  for (const mode of ["", "iptables", "ipvs", "userspace"]) {
    const { warnings } = await run(`--proxy-mode=${mode}`);
    assert.equal(warnings.length, 1, mode);
    assert.match(warnings[0] ?? "", /becomes nftables/);
  }
  assert.deepEqual((await run("--proxy-mode=nftables")).warnings, []);
});
