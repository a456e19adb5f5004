import { withPort } from "./bind_address.ts";
import { ConfigError } from "./config_error.ts";
import type { KubeProxyConfiguration } from "./configuration.ts";
import { FLAG_TYPES, type FlagType, type FlagValue, type VModule } from "./flag_types.ts";
import { type Flag, FLAGS } from "./flags.ts";
import { activeSection } from "./modes.ts";

/** The values of the flags that were given, by name. */
export type FlagValues = ReadonlyMap<string, FlagValue>;

/**
 * Reads the values of flags, each given once or more: lists, gates and `--vmodule` add up, of all others the last one
 * counts.
 *
 * Throws a SyntaxError that names the flag and the value.
 */
export function readFlags(given: ReadonlyMap<string, readonly string[]>): FlagValues {
  const values = new Map<string, FlagValue>();
  for (const flag of FLAGS) {
    const type: FlagType = FLAG_TYPES[flag.type];
    for (const text of given.get(flag.name) ?? []) {
      try {
        values.set(flag.name, type.parse(text, values.get(flag.name)));
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        throw new SyntaxError(`Cannot use ${JSON.stringify(text)} for --${flag.name}: ${reason}`);
      }
    }
  }
  return values;
}

/** Which flags of the command line count. */
export interface ApplyOptions {
  /** True when the configuration comes from a file: only the flags that are marked as kept count then. */
  readonly fromFile: boolean;
}

/**
 * Returns `config` with the flags applied. The values are not validated here.
 *
 * Throws {@linkcode ConfigError} for a blank `--hostname-override`.
 */
export function applyFlags(
  config: KubeProxyConfiguration,
  flags: FlagValues,
  { fromFile }: ApplyOptions,
): KubeProxyConfiguration {
  const amended = applyLogLevels(applyFields(config, flags, fromFile), flags);
  const named = applyHostname(amended, flags);
  return fromFile ? named : applyAddresses(applyModeFlags(named, flags), flags);
}

/** Says which of the given flags are deprecated, and which do not count because a file is used. */
export function flagWarnings(flags: FlagValues, { fromFile }: ApplyOptions): readonly string[] {
  const given = FLAGS.filter(({ name }) => flags.has(name));
  const ignored = fromFile ? given.filter(({ kept }) => kept !== true) : [];
  return [
    ...given.flatMap(({ name, deprecated }) =>
      deprecated === undefined ? [] : [`Flag --${name} is deprecated, use --${deprecated} instead`]
    ),
    ...(ignored.length === 0 ? [] : [
      `With --config, these flags do not count: ${
        ignored.map((flag) => `--${flag.name}`).join(", ")
      }`,
    ]),
  ];
}

function applyFields(
  config: KubeProxyConfiguration,
  flags: FlagValues,
  fromFile: boolean,
): KubeProxyConfiguration {
  return FLAGS.filter((flag) => flag.kept === true || !fromFile).reduce((result, flag) => {
    const value = flags.get(flag.name);
    if (flag.field === undefined || value === undefined || isNoOp(flag, value)) return result;
    return withField(result, flag.field.split("."), value);
  }, config);
}

/** An empty address stands for the one that is there. */
function isNoOp(flag: Flag, value: FlagValue): boolean {
  return flag.type === "ip" && value === "";
}

function applyLogLevels(config: KubeProxyConfiguration, flags: FlagValues): KubeProxyConfiguration {
  const vmodule = flags.get("vmodule") as readonly VModule[] | undefined;
  if (vmodule === undefined) return config;
  return withField(config, ["logging", "vmodule"], [...vmodule, ...config.logging.vmodule]);
}

function applyHostname(config: KubeProxyConfiguration, flags: FlagValues): KubeProxyConfiguration {
  const name = flags.get("hostname-override");
  if (typeof name !== "string" || name === "") return config;
  const trimmed = name.trim().toLowerCase();
  if (trimmed === "") {
    throw new ConfigError("the command line", [
      { path: "--hostname-override", message: `${JSON.stringify(name)} is blank` },
    ]);
  }
  return { ...config, hostnameOverride: trimmed };
}

/** Sync periods go to the section of the mode that they are for, and masqueradeAll to both that have it. */
function applyModeFlags(config: KubeProxyConfiguration, flags: FlagValues): KubeProxyConfiguration {
  const section = activeSection(config.mode);
  const prefix = section === "ipvs" ? "ipvs" : "iptables";
  const syncPeriod = flags.get(`${prefix}-sync-period`) ?? config[section].syncPeriod;
  // Without a file even ipvs has a pause of a second: its default of 0 is one of files.
  const minSyncPeriod = flags.get(`${prefix}-min-sync-period`) ?? config.iptables.minSyncPeriod;
  const masqueradeAll = flags.get("masquerade-all") === true;
  const result = {
    ...config,
    iptables: { ...config.iptables, masqueradeAll },
    nftables: { ...config.nftables, masqueradeAll },
  };
  return { ...result, [section]: { ...result[section], syncPeriod, minSyncPeriod } };
}

function applyAddresses(config: KubeProxyConfiguration, flags: FlagValues): KubeProxyConfiguration {
  return {
    ...config,
    healthzBindAddress: listenAddress(flags, "healthz", "0.0.0.0:10256", 10256),
    metricsBindAddress: listenAddress(flags, "metrics", "127.0.0.1:10249", 10249),
  };
}

/** An address that is given without a port gets the one of the deprecated flag, whose 0 leaves no address at all. */
function listenAddress(
  flags: FlagValues,
  server: "healthz" | "metrics",
  byDefault: string,
  defaultPort: number,
): string {
  const port = Number(flags.get(`${server}-port`) ?? defaultPort);
  if (port === 0) return "";
  const address = flags.get(`${server}-bind-address`) || byDefault;
  return withPort(String(address), port);
}

/** A copy of `group` in which the field at `path` has another value. The table of flags checks the paths. */
function withField<Group extends object>(
  group: Group,
  [first = "", ...rest]: readonly string[],
  value: unknown,
): Group {
  const before = group[first as keyof Group];
  return {
    ...group,
    [first]: rest.length === 0 ? value : withField(before as object, rest, value),
  };
}
