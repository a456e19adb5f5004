import { describeFlag } from "../../cli/flag_help.ts";
import { defaultConfiguration } from "../../config/configuration.ts";
import { formatDuration } from "../../config/duration.ts";
import { FLAG_TYPES, type FlagType } from "../../config/flag_types.ts";
import { type FieldPath, type Flag, FLAGS } from "../../config/flags.ts";
import { UNUSED } from "../../config/unused.ts";

/** What fields mean that no flag sets alone. */
const NOTES: Readonly<Record<string, string>> = {
  apiVersion: "Required",
  kind: "Required",
  "logging.vmodule": "Verbosity by logger (`filePattern`, `verbosity`), for the text format",
  hostnameOverride: "Name of the Node that weir runs on; the machine's name without it",
  healthzBindAddress: "Where the health server listens; it follows the family of `bindAddress`",
  metricsBindAddress: "Where the metrics server listens; it follows the family of `bindAddress`",
  "iptables.masqueradeAll": "Masquerade all traffic to cluster IPs, in every mode but nftables",
  "iptables.syncPeriod": "Longest wait after a failed sync, in mode iptables",
  "iptables.minSyncPeriod": "Shortest time between syncs, in mode iptables",
  "ipvs.syncPeriod": "Longest wait after a failed sync, in mode ipvs",
  "ipvs.minSyncPeriod": "Shortest time between syncs, in mode ipvs",
  "nftables.masqueradeBit": "Bit of the packet mark that asks for masquerading, in mode nftables",
  "nftables.masqueradeAll": "Masquerade all traffic to cluster IPs, in mode nftables",
  "nftables.syncPeriod": "Longest wait after a failed sync, in mode nftables",
  "nftables.minSyncPeriod": "Shortest time between syncs, in mode nftables; `0s` is no pause",
};

/** Where a flag that sets a field in a way of its own says so. */
const DERIVED: Readonly<Record<string, string>> = {
  hostnameOverride: "hostname-override",
  healthzBindAddress: "healthz-bind-address",
  metricsBindAddress: "metrics-bind-address",
  "logging.vmodule": "vmodule",
};

/** Returns the text of docs/reference.md. */
export function reference(): string {
  return [
    "# Reference",
    "",
    "All flags and all fields, as the code has them: what to set when is in",
    "[configure.md](configure.md). Renew this page with",
    "`deno test -A tests/docs/reference_test.ts -- --update`, and `deno fmt` after it.",
    "",
    "## Flags",
    "",
    "With `--config`, a flag counts only where the second column says so; one warning names the others.",
    "Flags are read as kube-proxy reads them: `_` stands for `-`, and a switch needs `=` to be false.",
    "",
    ...groups().flatMap(([name, flags]) => [`### ${name}`, "", ...flagTable(flags), ""]),
    "## Fields",
    "",
    "Of a `KubeProxyConfiguration` (`kubeproxy.config.k8s.io/v1alpha1`) in YAML or JSON. Durations are",
    'text such as `"30s"` or `"1m30s"`. A field that is absent, null or zero has its default; a zero of',
    "`masqueradeBit`, `oomScoreAdj`, `conntrack.maxPerCore`, `conntrack.min` and the TCP timeouts is kept.",
    "",
    ...fieldTable(),
    "",
  ].join("\n");
}

function groups(): readonly (readonly [string, readonly Flag[]])[] {
  return [...Map.groupBy(FLAGS, ({ group }) => group)];
}

function flagTable(flags: readonly Flag[]): readonly string[] {
  return table(
    ["Flag", "With `--config`", "Meaning"],
    flags.map((flag) => {
      const type: FlagType = FLAG_TYPES[flag.type];
      const short = flag.short === undefined ? "" : `-${flag.short}, `;
      const deprecated = flag.deprecated === undefined
        ? ""
        : `. Deprecated, use \`--${flag.deprecated}\``;
      return [
        code(`${short}--${flag.name} ${type.placeholder}`.trimEnd()),
        flag.kept === true ? "counts" : "",
        `${describeFlag(flag)}${deprecated}`,
      ];
    }),
  );
}

function fieldTable(): readonly string[] {
  const rows = [...fieldPaths()].map(([path, value]) => {
    const flag = FLAGS.find(({ field, name }) => field === path || name === DERIVED[path]);
    return [
      code(path),
      code(defaultText(path, value)),
      flag === undefined ? "" : code(`--${flag.name}`),
      meaning(path, flag),
    ];
  });
  return table(["Field", "Default", "Flag", "Meaning"], rows);
}

function meaning(path: string, flag: Flag | undefined): string {
  const unused = UNUSED.find(({ fields }) => fields.some(([field]) => field === path));
  if (unused !== undefined) return `No effect: ${unused.why}`;
  const text = NOTES[path] ?? flag?.help;
  if (text === undefined) throw new Error(`Cannot describe "${path}": no flag does, add a note`);
  return text;
}

/** Returns every field of a configuration with its default. */
export function fieldPaths(): ReadonlyMap<FieldPath, unknown> {
  const leaves = function* (group: object, prefix: string): Generator<[FieldPath, unknown]> {
    for (const [key, value] of Object.entries(group)) {
      const path = `${prefix}${key}`;
      const isGroup = typeof value === "object" && !Array.isArray(value) && path !== "featureGates";
      if (isGroup) yield* leaves(value, `${path}.`);
      else yield [path as FieldPath, value];
    }
  };
  return new Map(leaves(defaultConfiguration(), ""));
}

function defaultText(path: string, value: unknown): string {
  const isDuration = /(?:Period|Timeout|Frequency)$/.test(path) && typeof value === "number";
  return isDuration ? `"${formatDuration(value)}"` : JSON.stringify(value);
}

function code(text: string): string {
  return `\`${text}\``;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): readonly string[] {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(head), line(head.map(() => "---")), ...rows.map(line)];
}
