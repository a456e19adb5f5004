import { type ConfigProblem, quote } from "./config_error.ts";
import type { KubeProxyConfiguration } from "./configuration.ts";
import { formatDuration } from "./duration.ts";
import { isEnabled } from "./feature_gates.ts";

/** The highest verbosity, a signed number of 32 bits. */
export const MAX_VERBOSITY = 2 ** 31 - 1;

/** Returns everything that is wrong with the `logging` section. */
export function validateLogging(config: KubeProxyConfiguration): ConfigProblem[] {
  const { format, flushFrequency, verbosity } = config.logging;
  return [
    ...(format === "text" || format === "json"
      ? []
      : problem("logging.format", `${quote(format)} is not a log format, write "text" or "json"`)),
    ...(flushFrequency > 0 ? [] : problem(
      "logging.flushFrequency",
      `"${formatDuration(flushFrequency)}" is not more than zero`,
    )),
    ...verbosityIn("logging.verbosity", verbosity),
    ...validateVModule(config.logging),
    ...validateAlphaOptions(config),
  ];
}

function validateVModule({ format, vmodule }: KubeProxyConfiguration["logging"]): ConfigProblem[] {
  const unsupported = vmodule.length > 0 && format !== "text"
    ? problem("logging.vmodule", `The field works with the log format "text" only`)
    : [];
  return [
    ...unsupported,
    ...vmodule.flatMap(({ filePattern, verbosity }, index) => [
      ...(/^[^=,]+$/.test(filePattern) ? [] : problem(
        `logging.vmodule[${index}].filePattern`,
        `${quote(filePattern)} is not a file pattern: it is empty or has "=" or "," in it`,
      )),
      ...verbosityIn(`logging.vmodule[${index}].verbosity`, verbosity),
    ]),
  ];
}

/**
 * A buffer is refused without the gate `LoggingAlphaOptions`, as it may change or go.
 *
 * So is `splitStream` by kube-proxy, but only as a flag: it takes every file that has it, and so must weir, which does not
 * use it anyway.
 */
function validateAlphaOptions({ logging, featureGates }: KubeProxyConfiguration): ConfigProblem[] {
  if (isEnabled("LoggingAlphaOptions", featureGates)) return [];
  return (["text", "json"] as const)
    .filter((format) => Number.parseFloat(logging.options[format].infoBufferSize) !== 0)
    .flatMap((format) =>
      problem(
        `logging.options.${format}.infoBufferSize`,
        "The field needs the feature gate LoggingAlphaOptions",
      )
    );
}

function verbosityIn(path: string, verbosity: number): ConfigProblem[] {
  if (verbosity <= MAX_VERBOSITY) return [];
  return problem(path, `"${verbosity}" is more than ${MAX_VERBOSITY}`);
}

function problem(path: string, message: string): ConfigProblem[] {
  return [{ path, message }];
}
