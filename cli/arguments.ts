import { FLAG_TYPES, type FlagType } from "../config/flag_types.ts";
import { FLAGS } from "../config/flags.ts";

/** A command line in the form that commander reads. */
export interface Arguments {
  readonly tokens: readonly string[];
  /** False when no argument before the first flag that the table does not have names a command. */
  readonly hasCommand: boolean;
}

/**
 * Rewrites a command line in kube-proxy's syntax to one in commander's: every flag of the table becomes `--name=value`.
 *
 * kube-proxy's parser reads underscores as hyphens, a switch without `=` as true (and never takes the next argument
 * for it), `-v=7`, `-v7` and `-v 7` alike, and any next argument as the value of a flag that needs one; it does not mind
 * empty arguments. A flag that needs a value and stands last stays as it is, for commander to complain about. Flags that
 * are not in the table are a subcommand's own: they stay in their place, and `--name=value` becomes two arguments.
 */
export function normaliseArguments(argv: readonly string[]): Arguments {
  const tokens: string[] = [];
  let hasCommand = false;
  let foreign = false;
  for (let index = 0; index < argv.length; index++) {
    const argument = argv[index] ?? "";
    if (argument === "") continue;
    if (argument === "--") return { tokens: [...tokens, ...argv.slice(index)], hasCommand };
    if (!/^-./.test(argument)) {
      hasCommand ||= !foreign;
      tokens.push(argument);
      continue;
    }
    const flag = readFlag(argument);
    if (flag === undefined) {
      foreign ||= !isHelp(argument);
      // Apart from its value, so that commander finds flags of a similar name.
      tokens.push(...argument.split(/(?<=^--[^=]+)=(.*)/s, 2));
      continue;
    }
    const value = flag.value ?? flag.alone ?? argv[++index];
    tokens.push(value === undefined ? `--${flag.name}` : `--${flag.name}=${value}`);
  }
  return { tokens, hasCommand };
}

/** Returns what was given for each flag of the table, or undefined when something else is on the line. */
export function flagsAlone({ tokens }: Arguments): Map<string, readonly string[]> | undefined {
  const given = new Map<string, readonly string[]>();
  for (const token of tokens) {
    const [, name, value] = /^--([^=]+)=(.*)$/s.exec(token) ?? [];
    if (name === undefined || value === undefined) return undefined;
    given.set(name, [...given.get(name) ?? [], value]);
  }
  return given;
}

/** Tells whether `argument` asks for help. */
export function isHelp(argument: string): boolean {
  return argument === "-h" || argument === "--help";
}

interface GivenFlag {
  readonly name: string;
  /** What stands in the same argument. */
  readonly value: string | undefined;
  /** What the flag stands for without a value. */
  readonly alone: string | undefined;
}

/** Splits `--name=value` or `-vN`, or returns undefined for a flag that the table does not have. */
function readFlag(argument: string): GivenFlag | undefined {
  const long = argument.startsWith("--");
  const name = long ? argument.slice(2).split("=", 1)[0] ?? "" : argument.slice(1, 2);
  const rest = argument.slice(name.length + (long ? 2 : 1));
  const wanted = name.replaceAll("_", "-");
  const flag = FLAGS.find((each) => (long ? each.name : each.short) === wanted);
  if (flag === undefined) return undefined;
  const type: FlagType = FLAG_TYPES[flag.type];
  const value = rest === "" ? undefined : rest.replace(/^=/, "");
  return { name: flag.name, value, alone: type.alone };
}
