import type { FlagValues } from "./apply_flags.ts";
import { defaultConfiguration, type KubeProxyConfiguration } from "./configuration.ts";
import { featureGate } from "./feature_gates.ts";
import type { FieldPath } from "./flags.ts";
import { activeSection, isForeign } from "./modes.ts";

/** Fields that weir accepts and does not use, and why. */
export interface Unused {
  readonly why: string;
  /** The fields, with the values of which nobody needs to be told. */
  readonly fields: readonly (readonly [FieldPath, ...harmless: readonly unknown[]])[];
}

/** Everything that is accepted and has no effect in any mode. */
export const UNUSED: readonly Unused[] = [
  {
    why: "weir asks for protobuf, and takes JSON where there is nothing else",
    fields: [
      ["clientConnection.contentType", "application/vnd.kubernetes.protobuf", "application/json"],
      ["clientConnection.acceptContentTypes", ""],
    ],
  },
  {
    why: "weir holds four watches and sends at most five Events a second",
    fields: [["clientConnection.qps", 5], ["clientConnection.burst", 10]],
  },
  {
    why: "weir compares what it has with every list that it gets, and needs no other time for it",
    fields: [["configSyncPeriod", 900_000]],
  },
  { why: "weir serves no profiles", fields: [["enableProfiling", false]] },
  { why: "weir hides no metrics", fields: [["showHiddenMetricsForVersion", ""]] },
  {
    why: "weir writes each log line at once, all of them to stderr",
    fields: [
      ["logging.flushFrequency", 5_000],
      ["logging.options.text.splitStream", false],
      ["logging.options.text.infoBufferSize", "0"],
      ["logging.options.json.splitStream", false],
      ["logging.options.json.infoBufferSize", "0"],
    ],
  },
  { why: "the mode userspace had it", fields: [["portRange", ""]] },
  {
    why: "they are for Windows",
    fields: [
      ["windowsRunAsService", false],
      ["winkernel.networkName", ""],
      ["winkernel.sourceVip", ""],
      ["winkernel.rootHnsEndpointName", ""],
      ["winkernel.enableDSR", false],
      ["winkernel.forwardHealthCheckVip", false],
    ],
  },
];

/** Flags that set no field and have no effect. */
export const UNUSED_FLAGS: readonly string[] = ["boot-id-file", "machine-id-file"];

/** The feature gates that weir goes by, or that only say what a configuration may contain. */
const USED_GATES: readonly string[] = ["AllowServiceExternalIPs", "LoggingAlphaOptions"];

/** Says in one sentence which settings have no effect, each with the reason; nothing when all that is set has one. */
export function unusedWarnings(
  config: KubeProxyConfiguration,
  flags: FlagValues,
): readonly string[] {
  const groups = [
    ...UNUSED.map(({ why, fields }) => ({
      why,
      names: fields.filter(([path, ...harmless]) => !harmless.includes(valueAt(config, path)))
        .map(([path]) => path),
    })),
    {
      why: `they are for other modes than ${JSON.stringify(config.mode)}`,
      names: [...fieldsOfOtherModes(config), ...periodFlagsOfOtherModes(config, flags)],
    },
    {
      why: "they are not about a service proxy, or weir has none of it",
      names: unusedGates(config),
    },
    {
      why: "weir reads no such file",
      names: UNUSED_FLAGS.filter((name) => flags.has(name)).map((name) => `--${name}`),
    },
  ].filter(({ names }) => names.length > 0);
  if (groups.length === 0) return [];
  const text = groups.map(({ names, why }) => `${names.join(", ")} (${why})`).join("; ");
  return [`These settings have no effect: ${text}`];
}

/**
 * Returns the fields of the sections of other modes that are set to something else than their default.
 *
 * kube-proxy ignores them without a word. Many files were written by kubeadm, with a pause of 0s in every section: that
 * one does not count.
 */
function fieldsOfOtherModes(config: KubeProxyConfiguration): readonly FieldPath[] {
  const defaults = defaultConfiguration();
  const sections = ["iptables", "ipvs", "nftables"] as const;
  return sections.filter((section) => section !== activeSection(config.mode))
    .flatMap((section) =>
      Object.keys(config[section]).map((key) => `${section}.${key}` as FieldPath)
    )
    .filter((path) => !(isForeign(config.mode) && /^iptables\.masquerade/.test(path)))
    .filter((path) => {
      const [value, byDefault] = [valueAt(config, path), valueAt(defaults, path)].map(String);
      return value !== byDefault && !(path.endsWith(".minSyncPeriod") && value === "0");
    });
}

/** Returns the flags for sync periods that another mode has; beside a file no such flag counts, which is said elsewhere. */
function periodFlagsOfOtherModes(
  { mode }: KubeProxyConfiguration,
  flags: FlagValues,
): readonly string[] {
  if (flags.has("config")) return [];
  const other = activeSection(mode) === "ipvs" ? "iptables" : "ipvs";
  return [`${other}-sync-period`, `${other}-min-sync-period`]
    .filter((name) => flags.has(name)).map((name) => `--${name}`);
}

/** Returns the gates that are set to something else than what they are without it. */
function unusedGates({ featureGates }: KubeProxyConfiguration): readonly string[] {
  return Object.entries(featureGates)
    .filter(([name, value]) => featureGate(name)?.byDefault !== value && !USED_GATES.includes(name))
    .map(([name]) => `featureGates.${name}`);
}

/** Returns the value of the field at `path`. */
export function valueAt(config: KubeProxyConfiguration, path: FieldPath): unknown {
  return path.split(".").reduce<unknown>(
    (group, part) => (group as Readonly<Record<string, unknown>>)[part],
    config,
  );
}
