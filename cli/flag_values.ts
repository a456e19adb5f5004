import type { FlagValues } from "../config/apply_flags.ts";
import { defaultConfiguration, type KubeProxyConfiguration } from "../config/configuration.ts";
import { formatDuration } from "../config/duration.ts";
import type { FlagTypeName, FlagValue, VModule } from "../config/flag_types.ts";
import { type Flag, FLAGS } from "../config/flags.ts";

/** Defaults of kube-proxy's that are not those of a field of the configuration. */
const DEFAULTS: Readonly<Record<string, string>> = {
  "boot-id-file": "/proc/sys/kernel/random/boot_id",
  "detect-local-mode": "",
  "healthz-port": "10256",
  "kube-api-content-type": "application/vnd.kubernetes.protobuf",
  "machine-id-file": "/etc/machine-id,/var/lib/dbus/machine-id",
  "metrics-port": "10249",
};

/** What a flag of each type is when nobody says anything; "" for those that are not here. */
const BLANK: Partial<Record<FlagTypeName, string>> = {
  bool: "false",
  int32: "0",
  list: "[]",
  quantity: "0",
  version: "false",
};

/** Returns every flag with the value that it was `given`, or its default, written as kube-proxy does on `/flagz`. */
export function flagValues(given: FlagValues): Readonly<Record<string, string>> {
  const defaults = defaultConfiguration();
  const texts = FLAGS.map((flag) => {
    const value = given.get(flag.name);
    const text = value === undefined ? defaultOf(flag, defaults) : format(flag.type, value);
    return [flag.name, text] as const;
  });
  return { help: "false", ...Object.fromEntries(texts) };
}

function defaultOf(
  { name, type, field, byDefault }: Flag,
  defaults: KubeProxyConfiguration,
): string {
  const known = DEFAULTS[name];
  if (known !== undefined) return known;
  if (field !== undefined) return format(type, valueAt(defaults, field.split(".")));
  return byDefault ?? BLANK[type] ?? "";
}

function valueAt(group: unknown, [first, ...rest]: readonly string[]): FlagValue {
  if (first === undefined) return group as FlagValue;
  return valueAt((group as Record<string, unknown>)[first], rest);
}

function format(type: FlagTypeName, value: FlagValue): string {
  switch (type) {
    case "duration":
      return formatDuration(value as number);
    case "list":
      return `[${(value as readonly string[]).join()}]`;
    case "gates":
      return Object.entries(value).map(([name, on]) => `${name}=${on}`).sort().join();
    case "vmodule":
      return (value as readonly VModule[]).map((one) => `${one.filePattern}=${one.verbosity}`)
        .join();
    default:
      return String(value);
  }
}
