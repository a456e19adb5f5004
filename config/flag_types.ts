import { normaliseAddress } from "../model/address.ts";
import { parseHostPort, withPort } from "./bind_address.ts";
import { parseDuration } from "./duration.ts";
import { QUANTITY } from "./fields.ts";

/** One `pattern=N` of `--vmodule`. */
export interface VModule {
  readonly filePattern: string;
  readonly verbosity: number;
}

/** The value of a flag that was given. */
export type FlagValue =
  | string
  | number
  | boolean
  | readonly string[]
  | readonly VModule[]
  | Readonly<Record<string, boolean>>;

/** How the values of one type of flag are written. */
export interface FlagType {
  /** How help names the value; "" for a switch. */
  readonly placeholder: string;
  /** What the flag stands for when it is given without `=`. A type without it takes the next argument. */
  readonly alone?: string;
  /** Reads one value given after `previous` ones. Throws an Error that says what is wrong with it. */
  parse(text: string, previous: FlagValue | undefined): FlagValue;
}

/** The types of flags, named as in kube-proxy's help. */
export const FLAG_TYPES = {
  bool: { placeholder: "", alone: "true", parse: parseBoolean },
  string: { placeholder: "string", parse: (text) => text },
  int32: { placeholder: "int", parse: (text) => parseInteger(text, -(2 ** 31), 2 ** 31 - 1) },
  level: { placeholder: "int", parse: parseLevel },
  float: { placeholder: "float", parse: parseFloatingPoint },
  duration: { placeholder: "duration", parse: parseDurationFlag },
  list: { placeholder: "strings", parse: (text, previous) => [...listOf(previous), ...csv(text)] },
  gates: { placeholder: "name=bool,...", parse: parseGates },
  ip: { placeholder: "ip", parse: parseIP },
  ipport: { placeholder: "ip[:port]", parse: parseIPPort },
  vmodule: { placeholder: "pattern=N,...", parse: parseVModule },
  quantity: { placeholder: "quantity", parse: parseQuantity },
  version: { placeholder: "", alone: "true", parse: parseVersion },
} satisfies Record<string, FlagType>;

/** The name of a type of flag. */
export type FlagTypeName = keyof typeof FLAG_TYPES;

function parseBoolean(text: string): boolean {
  if (["1", "t", "T", "true", "TRUE", "True"].includes(text)) return true;
  if (["0", "f", "F", "false", "FALSE", "False"].includes(text)) return false;
  throw new SyntaxError('it is neither "true" nor "false"');
}

/** Reads what Go's `strconv` reads in base 0: `010` is octal, and `_` may stand between digits. */
function parseInteger(text: string, least: number, most: number): number {
  const [, sign, digits = ""] =
    /^([+-]?)(0|[1-9]\d*|0[0-7]+|0[xX][\da-fA-F]+|0[oO][0-7]+|0[bB][01]+)$/
      .exec(text.replaceAll(/(?<=[\da-zA-Z])_(?=[\da-fA-F])/g, "")) ?? [];
  if (digits === "") throw new SyntaxError("it is not a whole number");
  const value = (sign === "-" ? -1 : 1) * Number(digits.replace(/^0(?=\d)/, "0o"));
  return within(value, least, most);
}

/** Reads a verbosity, in decimal only. */
function parseLevel(text: string): number {
  if (!/^-?\d+$/.test(text)) throw new SyntaxError("it is not a whole number");
  return within(Number(text), 0, 2 ** 31 - 1);
}

function within(value: number, least: number, most: number): number {
  if (value < least || value > most) throw new RangeError(`it is not between ${least} and ${most}`);
  return value;
}

function parseFloatingPoint(given: string): number {
  const text = given.replaceAll(/(?<=\d)_(?=\d)/g, "");
  if (!/^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) {
    throw new SyntaxError("it is not a number");
  }
  return Number(text);
}

function parseDurationFlag(text: string): number {
  const milliseconds = parseDuration(text);
  if (milliseconds === undefined) throw new SyntaxError('it is not a duration, write e.g. "30s"');
  return milliseconds;
}

/** `Name=true,Other=false`; more than one use adds up, and blanks around names and values do not count. */
function parseGates(text: string, previous: FlagValue | undefined): FlagValue {
  const gates = { ...previous as Readonly<Record<string, boolean>> | undefined };
  for (const item of text.split(",").filter((each) => each !== "")) {
    const [name = "", value] = item.split(/=(.*)/s);
    if (value === undefined) throw new SyntaxError(`"${item}" has no "=true" or "=false"`);
    try {
      gates[name.trim()] = parseBoolean(value.trim());
    } catch {
      throw new SyntaxError(`the value of "${name.trim()}" is neither "true" nor "false"`);
    }
  }
  return gates;
}

function parseIP(text: string): string {
  const address = text.trim();
  if (address !== "" && normaliseAddress(address) === undefined) {
    throw new SyntaxError("it is not an IP address");
  }
  return address;
}

/** Port 0 is refused later, as the one of a configuration file is. */
function parseIPPort(text: string): string {
  const isBare = withPort(text, 1) !== text;
  if (text === "" || isBare || typeof parseHostPort(text.replace(/:0+$/, ":1")) !== "string") {
    return text;
  }
  throw new SyntaxError("it is neither an IP address nor IP:port");
}

function parseVModule(text: string, previous: FlagValue | undefined): VModule[] {
  const modules = text.split(",").filter((item) => item !== "").map((item) => {
    const [, filePattern = "", verbosity = ""] = /^([^=]*)=(.*)$/.exec(item) ?? [];
    if (filePattern === "") throw new SyntaxError(`"${item}" is not pattern=N`);
    return { filePattern, verbosity: parseLevel(verbosity) };
  });
  return [...previous as readonly VModule[] | undefined ?? [], ...modules];
}

function parseQuantity(text: string): string {
  if (!QUANTITY.test(text)) throw new SyntaxError('it is not a quantity such as "512" or "4Ki"');
  return text;
}

/** A switch, the word `raw`, or the version to report. */
function parseVersion(text: string): string {
  if (text === "raw" || /^v\d+\.\d+\.\d+/.test(text)) return text;
  try {
    return String(parseBoolean(text));
  } catch {
    throw new SyntaxError('it is neither "true", "raw" nor a version such as "v1.2.3"');
  }
}

function listOf(previous: FlagValue | undefined): readonly string[] {
  return previous as readonly string[] | undefined ?? [];
}

/** The fields of one line of CSV, in which `"a,b"` is one field and `""` in quotes is a quote. */
function csv(text: string): string[] {
  if (text === "") return [];
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  do {
    const match = field.exec(text);
    if (match === null) throw new SyntaxError("it has a stray quote");
    fields.push(match[1]?.replaceAll('""', '"') ?? match[2] ?? "");
    if (match[3] === "") return fields;
  } while (true);
}
