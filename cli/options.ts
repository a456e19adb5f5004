import { applyFlags, type FlagValues, flagWarnings } from "../config/apply_flags.ts";
import { ConfigError } from "../config/config_error.ts";
import { defaultConfiguration, type KubeProxyConfiguration } from "../config/configuration.ts";
import { modeWarnings } from "../config/mode_warnings.ts";
import { parseConfiguration } from "../config/parse.ts";
import { unusedWarnings } from "../config/unused.ts";
import { validateConfiguration, type ValidateOptions } from "../config/validate.ts";

/** Whose rules a cleanup removes. */
export type CleanupScope = "weir" | "weir and kube-proxy";

/** What the flags and the configuration file ask for together. */
export interface RunOptions {
  /** In effect, and valid. Its `clientConnection.kubeconfig` says how to reach the API server. */
  readonly config: KubeProxyConfiguration;
  /** What the user should know before anything starts. */
  readonly warnings: readonly string[];
  /** The flags of the command line. */
  readonly flags: FlagValues;
  /** The file of `--config`, or "". */
  readonly configFile: string;
  /** What the file said; "" without one. */
  readonly configText: string;
  /** Returns what the same command line asks for with another text in the file. Rejects as it did at first. */
  readonly reload: (configText: string) => Promise<RunOptions>;
  /** The URL of `--master`, or "". */
  readonly master: string;
  /** The folder of `--manifests`, or "". */
  readonly manifests: string;
  /** The file of `--write-config-to`, or "". */
  readonly writeConfigTo: string;
  readonly dryRun: boolean;
  /** Whose rules to remove instead of making some; undefined for nobody's. */
  readonly cleanup: CleanupScope | undefined;
  readonly initOnly: boolean;
  /** The version of `--version=vX.Y.Z` to report instead of the real one, or "". */
  readonly reportedVersion: string;
}

/** Reads a text file. */
export type ReadTextFile = (path: string) => Promise<string>;

/**
 * Puts the flags and the configuration file together.
 *
 * Throws {@linkcode ConfigError} with everything that is wrong with the outcome, or when the file cannot be read.
 */
export async function loadOptions(
  flags: FlagValues,
  readTextFile: ReadTextFile,
): Promise<RunOptions> {
  const text = (name: string) => String(flags.get(name) ?? "");
  const file = text("config");
  const configText = file === "" ? "" : await read(file, readTextFile);
  const { config, warnings } = loadConfiguration(flags, file, configText);
  const version = text("version");
  return {
    config,
    warnings,
    flags,
    configFile: file,
    configText,
    reload: (other) => loadOptions(flags, () => Promise.resolve(other)),
    master: text("master"),
    manifests: text("manifests"),
    writeConfigTo: text("write-config-to"),
    dryRun: flags.get("dry-run") === true,
    cleanup: cleanupScope(flags),
    initOnly: flags.get("init-only") === true,
    reportedVersion: version.startsWith("v") ? version : "",
  };
}

/** With both flags, the one that removes less counts. */
function cleanupScope(flags: FlagValues): CleanupScope | undefined {
  if (flags.get("cleanup-weir-only") === true) return "weir";
  return flags.get("cleanup") === true ? "weir and kube-proxy" : undefined;
}

function loadConfiguration(
  flags: FlagValues,
  file: string,
  text: string,
): Pick<RunOptions, "config" | "warnings"> {
  const fromFile = file !== "";
  const amend = (config: KubeProxyConfiguration) => applyFlags(config, flags, { fromFile });
  // Somebody who only points weir at a folder has not asked kube-proxy's default mode of it.
  const modeAsked = fromFile || flags.has("proxy-mode") || !flags.has("manifests");
  const strictMode = modeAsked && flags.get("strict-mode") === true;
  const parsed = fromFile
    ? parseConfiguration(text, { file, amend, strictMode })
    : { config: fromFlags(amend, { strictMode }), warnings: [] };
  return {
    config: parsed.config,
    warnings: [
      ...flagWarnings(flags, { fromFile }),
      ...parsed.warnings,
      ...unusedWarnings(parsed.config, flags),
      ...(modeAsked ? modeWarnings(parsed.config) : []),
    ],
  };
}

function fromFlags(
  amend: (config: KubeProxyConfiguration) => KubeProxyConfiguration,
  options: ValidateOptions,
): KubeProxyConfiguration {
  const config = amend(defaultConfiguration());
  const problems = validateConfiguration(config, options);
  if (problems.length > 0) throw new ConfigError("the command line", problems);
  return config;
}

async function read(file: string, readTextFile: ReadTextFile): Promise<string> {
  try {
    return await readTextFile(file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigError(`configuration ${JSON.stringify(file)}`, [
      { path: "", message: `Cannot read the file: ${reason}` },
    ]);
  }
}
