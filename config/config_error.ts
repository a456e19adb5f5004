/** One thing in a configuration that makes it unusable. */
export interface ConfigProblem {
  /** The field, e.g. `iptables.masqueradeBit` or `nodePortAddresses[1]`; "" for the file as a whole. */
  readonly path: string;
  /** What is wrong with it, with the value in quotes. */
  readonly message: string;
  /** The line of the file, where it is known; the first line is 1. */
  readonly line?: number;
}

/** A configuration that cannot be used, with every problem that was found in it. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];

  /** `origin` names what was read, e.g. `configuration "/etc/weir.yaml"`. The message lists the problems, one a line. */
  constructor(origin: string, problems: readonly ConfigProblem[]) {
    super([`Cannot use ${origin}:`, ...problems.map(describe)].join("\n  "));
    this.problems = problems;
  }
}

/** Writes one problem as `path (line n): message`. */
function describe({ path, message, line }: ConfigProblem): string {
  if (line === undefined) return path === "" ? message : `${path}: ${message}`;
  return path === "" ? `line ${line}: ${message}` : `${path} (line ${line}): ${message}`;
}

/** Writes a value from a file between double quotes, short enough for a log line. */
export function quote(value: unknown): string {
  const text = typeof value === "string" ? value : JSON.stringify(value) ?? String(value);
  const short = text.length > 80 ? `${text.slice(0, 77)}...` : text;
  return typeof value === "object" && value !== null ? `"${short}"` : JSON.stringify(short);
}

/** Writes a path as the field would be named in a file: `a.b[2].c`. */
export function pathText(path: readonly PropertyKey[]): string {
  return path.map((part, index) =>
    typeof part === "number" ? `[${part}]` : index === 0 ? String(part) : `.${String(part)}`
  ).join("");
}
