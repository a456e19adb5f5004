import type { z } from "zod";
import { ConfigError, type ConfigProblem, pathText } from "./config_error.ts";
import { decodeConfiguration, type KubeProxyConfiguration } from "./configuration.ts";
import { type ConfigDocument, readDocument } from "./document.ts";
import { validateConfiguration, type ValidateOptions } from "./validate.ts";

/** How to read a configuration. */
export interface ParseOptions extends ValidateOptions {
  /** The name of the file, for messages. */
  readonly file: string;
  /** Changes the configuration before it is validated, as the flags do that a file leaves in force. */
  readonly amend?: (config: KubeProxyConfiguration) => KubeProxyConfiguration;
}

/** A configuration that can be used, and what its author should know. */
export interface ParsedConfiguration {
  readonly config: KubeProxyConfiguration;
  readonly warnings: readonly string[];
}

/**
 * Reads a `KubeProxyConfiguration` v1alpha1 from YAML or JSON, applies the defaults and validates it.
 *
 * Unknown and duplicate fields are ignored with one warning: of duplicates the last one counts. Throws
 * {@linkcode ConfigError} with every other problem, those of values that have the wrong type and those of values that
 * cannot be used alike.
 */
export function parseConfiguration(text: string, options: ParseOptions): ParsedConfiguration {
  const origin = `configuration ${JSON.stringify(options.file)}`;
  const document = readDocument(text);
  if (!("data" in document)) throw new ConfigError(origin, document);
  const decoded = decode(document.data);
  const problems = [...decoded.problems];
  if (decoded.config !== undefined) {
    const config = options.amend?.(decoded.config) ?? decoded.config;
    const wrong = validateConfiguration(config, options);
    problems.push(...wrong.filter(({ path }) => !isAbout(path, problems)));
    if (problems.length === 0) {
      return { config, warnings: warningsOf(document, decoded.unknown, options.file) };
    }
  }
  const located = problems.map((problem) => locate(problem, document));
  throw new ConfigError(origin, located.sort((a, b) => (a.line ?? 0) - (b.line ?? 0)));
}

interface Decoded {
  /** Undefined when the text is not even of the right kind. */
  readonly config: KubeProxyConfiguration | undefined;
  readonly problems: readonly ConfigProblem[];
  /** The paths of fields that do not exist. */
  readonly unknown: readonly string[];
}

/** Decodes as much as it can: what the schema refuses is taken out of `data`, so that the rest can be validated too. */
function decode(data: unknown): Decoded {
  const first = decodeConfiguration(data);
  if (first.success) return { config: first.data, problems: [], unknown: [] };
  const { issues } = first.error;
  const refused = issues.filter((issue) => issue.code !== "unrecognized_keys");
  const unknown = issues.flatMap(unknownFields);
  for (const path of [...unknown, ...refused.map((issue) => issue.path)]) {
    remove(data, path);
  }
  return {
    config: decodeConfiguration(data).data,
    problems: refused.map(({ path, message }) => ({ path: pathText(path), message })),
    unknown: unknown.map(pathText),
  };
}

function unknownFields(issue: z.core.$ZodIssue): PropertyKey[][] {
  return issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [];
}

/** Takes a field out, or empties an item of a list, so that the other items keep their indices. */
function remove(data: unknown, path: readonly PropertyKey[]): void {
  let group = data;
  for (const part of path.slice(0, -1)) {
    if (isGroup(group)) group = group[part];
  }
  const last = path.at(-1);
  if (!isGroup(group) || last === undefined) return;
  if (typeof last === "number") group[last] = null;
  else delete group[last];
}

function isGroup(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === "object" && value !== null;
}

/** Tells whether one of `problems` already says that the field at `path`, or a part or group of it, is wrong. */
function isAbout(path: string, problems: readonly ConfigProblem[]): boolean {
  return problems.some((problem) => contains(problem.path, path) || contains(path, problem.path));
}

function contains(group: string, field: string): boolean {
  return field === group || field.startsWith(`${group}.`) || field.startsWith(`${group}[`);
}

function locate(problem: ConfigProblem, document: ConfigDocument): ConfigProblem {
  const line = document.lineOf(problem.path);
  return line === undefined ? problem : { ...problem, line };
}

/** One warning for all fields that do not count, and one when the file goes on after its first document. */
function warningsOf(
  document: ConfigDocument,
  unknown: readonly string[],
  file: string,
): readonly string[] {
  const named = (path: string) => `"${path}" (line ${document.lineOf(path) ?? "unknown"})`;
  const details = [
    unknown.length > 0 ? `unknown, ignored: ${unknown.map(named).join(", ")}` : "",
    document.duplicates.length > 0
      ? `given twice, the last one counts: ${document.duplicates.map(named).join(", ")}`
      : "",
  ].filter((detail) => detail !== "");
  const where = `Configuration ${JSON.stringify(file)}`;
  return [
    ...(details.length > 0 ? [`${where} has fields that do not count: ${details.join("; ")}`] : []),
    ...(document.more ? [`${where} has several documents, only the first one is read`] : []),
  ];
}
