import type { Option } from "commander";
import { defaultConfiguration, type KubeProxyConfiguration } from "../config/configuration.ts";
import { formatDuration } from "../config/duration.ts";
import { FLAG_TYPES, type FlagType } from "../config/flag_types.ts";
import { type FieldPath, type Flag, FLAGS } from "../config/flags.ts";

/** How help shows a flag: `-v, --v int`, `--dry-run`. */
export function flagTerm(option: Option): string {
  const flag = FLAGS.find(({ name }) => `--${name}` === option.long);
  if (flag === undefined) return option.flags;
  const type: FlagType = FLAG_TYPES[flag.type];
  const short = flag.short === undefined ? "" : `-${flag.short}, `;
  return `${short}--${flag.name} ${type.placeholder}`.trimEnd();
}

/** What help says of a flag: its text and its default, where it has one. */
export function describeFlag(flag: Flag): string {
  const byDefault = flag.byDefault ?? (flag.field === undefined ? "" : defaultOf(flag, flag.field));
  return byDefault === "" ? flag.help : `${flag.help} (default ${byDefault})`;
}

let defaults: KubeProxyConfiguration | undefined;

/** The default of a field as one would write it; "" for what is off, empty or zero. */
function defaultOf(flag: Flag, field: FieldPath): string {
  defaults ??= defaultConfiguration();
  const value = field.split(".").reduce<unknown>(
    (group, part) => (group as Readonly<Record<string, unknown>>)[part],
    defaults,
  );
  if (typeof value === "number" && value !== 0) {
    return flag.type === "duration" ? formatDuration(value) : String(value);
  }
  if (typeof value === "string" && value !== "0") return value;
  return value === true ? "true" : "";
}
