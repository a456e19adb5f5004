import { DUMP_SCHEMA, NOT_RESOLVED, Schema, type TagDefinition } from "js-yaml";
import { readYaml } from "../model/yaml.ts";
import type { YamlEntry, YamlNode } from "../model/yaml_node.ts";
import { type ConfigProblem, pathText } from "./config_error.ts";

/** A YAML or JSON text that was read, with what is needed to say where in it a field stands. */
export interface ConfigDocument {
  /** Plain data, made for the caller; of duplicate keys the last one counts. */
  readonly data: unknown;
  /** Keys that stand twice in their group. */
  readonly duplicates: readonly string[];
  /** True when other documents follow the first one, which is the only one that is read. */
  readonly more: boolean;
  /** The line, from 1, of the field at `path` (`a.b[2]`), or of the innermost group around it that the text has. */
  lineOf(path: string): number | undefined;
}

/**
 * Reads YAML 1.1 (of which JSON is a part) as the Go library that Kubernetes uses does: `yes`, `on` and `y` are
 * booleans, but times and dates are strings.
 *
 * Returns the problem instead when the text has no valid syntax.
 */
export function readDocument(text: string): ConfigDocument | readonly ConfigProblem[] {
  const documents = readYaml(text, { schema: AS_IN_GO, lastCounts: true });
  const first = documents.next().value ?? { data: null, root: undefined };
  if ("reason" in first) {
    const message = `The text is not valid YAML: ${first.reason}`;
    return [{ path: "", message, line: first.line }];
  }
  const { data, root } = first;
  return {
    data,
    duplicates: root === undefined ? [] : [...duplicateKeys(root, [])],
    more: !documents.next().done,
    lineOf: (path) => root === undefined ? undefined : lineIn(root, path),
  };
}

/** Go's library reads numbers of YAML 1.1 and 1.2, `10:20:30` and `2020-01-01` as strings, not in base 60 and as a date. */
const AS_IN_GO = new Schema(
  DUMP_SCHEMA.tags.filter(({ tagName }) => !tagName.endsWith(":timestamp")).map(withoutBase60),
);

function withoutBase60(tag: TagDefinition): TagDefinition {
  if (tag.nodeKind !== "scalar" || !/:(int|float)$/.test(tag.tagName)) return tag;
  return {
    ...tag,
    resolve: (source, ...rest) =>
      source.includes(":") ? NOT_RESOLVED : tag.resolve(source, ...rest),
  };
}

function* duplicateKeys(
  { items, entries }: YamlNode,
  path: readonly (string | number)[],
): Generator<string> {
  for (const [index, item] of items.entries()) yield* duplicateKeys(item, [...path, index]);
  const seen = new Set<string>();
  for (const { name, value } of entries) {
    if (seen.has(name)) yield pathText([...path, name]);
    seen.add(name);
    yield* duplicateKeys(value, [...path, name]);
  }
}

/** The line of the key (or the list item) at the end of `path`, as deep as the document goes. */
function lineIn(root: YamlNode, path: string): number | undefined {
  let node: YamlNode | undefined = root;
  let line: number | undefined;
  for (const [part] of path.matchAll(/[^.[\]]+/g)) {
    const entry: YamlEntry | undefined = node.entries.findLast(({ name }) => name === part);
    const item: YamlNode | undefined = node.items[Number(part)];
    line = (entry?.key ?? item)?.line ?? line;
    node = entry?.value ?? item;
    if (node === undefined) break;
  }
  return line;
}
