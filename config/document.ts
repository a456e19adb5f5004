import * as yaml from "yaml";
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
 * Returns the problems instead when the text has no valid syntax.
 */
export function readDocument(text: string): ConfigDocument | readonly ConfigProblem[] {
  const lines = new yaml.LineCounter();
  const document = yaml.parseDocument(text, {
    version: "1.1",
    uniqueKeys: false,
    prettyErrors: false,
    lineCounter: lines,
    customTags: withoutTimes,
  });
  const errors = document.errors.filter((error) => error.code !== "MULTIPLE_DOCS");
  const data = errors.length > 0 ? undefined : plainData(document);
  if (data instanceof ReferenceError) {
    return [{ path: "", message: `The text is not valid YAML: ${data.message}` }];
  }
  if (errors.length > 0) {
    return errors.map((error) => ({
      path: "",
      message: `The text is not valid YAML: ${error.message}`,
      line: lines.linePos(error.pos[0]).line,
    }));
  }
  return {
    data,
    duplicates: [...duplicateKeys(document.contents, [])],
    more: document.errors.length > 0,
    lineOf(path) {
      const offset = offsetOf(document.contents, path);
      return offset === undefined ? undefined : lines.linePos(offset).line;
    },
  };
}

/** The library throws a ReferenceError for an alias of nothing, and for aliases of aliases that would fill the memory. */
function plainData(document: yaml.Document): unknown {
  try {
    return document.toJS();
  } catch (error) {
    if (error instanceof ReferenceError) return error;
    throw error;
  }
}

/** Go's library reads `10:20:30` and `2020-01-01` as strings, not as numbers in base 60 and dates. */
function withoutTimes(tags: yaml.Tags): yaml.Tags {
  return tags.filter((tag) =>
    typeof tag === "string" || (tag.tag !== "tag:yaml.org,2002:timestamp" &&
      !("format" in tag && tag.format === "TIME"))
  );
}

function* duplicateKeys(node: unknown, path: readonly (string | number)[]): Generator<string> {
  if (yaml.isSeq(node)) {
    for (const [index, item] of node.items.entries()) yield* duplicateKeys(item, [...path, index]);
  }
  if (!yaml.isMap(node)) return;
  const seen = new Set<string>();
  for (const { key, value } of node.items) {
    const name = String(key);
    if (seen.has(name)) yield pathText([...path, name]);
    seen.add(name);
    yield* duplicateKeys(value, [...path, name]);
  }
}

/** Where in the text the key (or the list item) at the end of `path` starts, as deep as the document goes. */
function offsetOf(root: unknown, path: string): number | undefined {
  let node = root;
  let offset: number | undefined;
  for (const [part] of path.matchAll(/[^.[\]]+/g)) {
    if (yaml.isMap(node)) {
      const pair = node.items.findLast(({ key }) => String(key) === part);
      if (pair === undefined) return offset;
      offset = startOf(pair.key) ?? offset;
      node = pair.value;
    } else if (yaml.isSeq(node)) {
      node = node.items[Number(part)];
      offset = startOf(node) ?? offset;
    }
  }
  return offset;
}

function startOf(node: unknown): number | undefined {
  return yaml.isNode(node) ? node.range?.[0] : undefined;
}
