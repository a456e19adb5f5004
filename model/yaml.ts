import { constructFromEvents, type Event, parseEvents, type Schema, YAMLException } from "js-yaml";
import { refuseExcess } from "./yaml_aliases.ts";
import { type YamlContent, YamlNode } from "./yaml_node.ts";

/** How to read a text. */
export interface YamlOptions {
  /** What plain scalars mean. */
  readonly schema: Schema;
  /** Set for the last of keys that stand twice to count; without it their document cannot be read. */
  readonly lastCounts?: boolean;
}

/** A document of a text. */
export interface YamlDocument {
  /** Plain data, made for the caller. */
  readonly data: unknown;
  /** Where it stands in the text. */
  readonly root: YamlNode;
}

/** Why a document cannot be read. */
export interface YamlProblem {
  /** The line in the text, from 1. */
  readonly line: number;
  readonly reason: string;
}

/**
 * Reads a YAML text document by document. One that cannot be read is a problem, and those after it are still read.
 */
export function* readYaml(
  text: string,
  options: YamlOptions,
): Generator<YamlDocument | YamlProblem, undefined> {
  const lineOf = lineCounter(text);
  for (const { start, source } of parts(text)) {
    try {
      const events = parseEvents(source, {});
      if (events.length === 0) continue;
      refuseExcess(source, events);
      const content: YamlContent = {
        events,
        construct: (some) => construct(some, source, options),
        lineOf: (offset) => lineOf(start + offset),
      };
      yield { data: content.construct(events), root: new YamlNode(content) };
    } catch (error) {
      if (!(error instanceof YAMLException)) throw error;
      yield { line: lineOf(start + (error.mark?.position ?? 0)), reason: error.reason };
    }
  }
}

/**
 * Where a document begins, with the directives before it, or ends: lines that begin with `---` or `...` are never
 * content (YAML 1.2.2, 9.1.2).
 */
const BOUNDARY =
  /(?<![^\r\n])\uFEFF?(?:(?:%[^\r\n]*[\r\n]+(?:#[^\r\n]*[\r\n]+)*)*---|\.\.\.)(?![^ \t\r\n])/g;

/** Takes a text apart, so that each part holds one document or none: the library gives up a text at its first error. */
function* parts(text: string): Generator<{ readonly start: number; readonly source: string }> {
  let start = 0;
  for (const { index } of text.matchAll(BOUNDARY)) {
    yield { start, source: text.slice(start, index) };
    start = index;
  }
  yield { start, source: text.slice(start) };
}

function construct(events: Event[], source: string, options: YamlOptions): unknown {
  const [data] = constructFromEvents(events, {
    source,
    schema: options.schema,
    json: options.lastCounts ?? false,
    maxTotalMergeKeys: -1, // what aliases may add is limited already
  });
  return data;
}

/** Returns what tells the line of an offset: fast when the offsets ascend. */
function lineCounter(text: string): (offset: number) => number {
  let [line, position] = [1, 0];
  return (offset) => {
    if (offset < position) [line, position] = [1, 0];
    for (;;) {
      const next = text.indexOf("\n", position);
      if (next < 0 || next >= offset) return line;
      position = next + 1;
      line++;
    }
  };
}
