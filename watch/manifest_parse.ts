import { CORE_SCHEMA, mergeTag } from "js-yaml";
import type { V1EndpointSlice, V1Service } from "@kubernetes/client-node";
import { type ClusterObject, keyOf } from "../model/objects.ts";
import { readYaml, type YamlDocument } from "../model/yaml.ts";
import { slicesOf } from "./endpoints.ts";
import { defaultService, defaultSlice } from "./manifest_defaults.ts";
import { HEADLESS, OTHER_PROXY } from "./resource.ts";
import { ObjectError, strip } from "./strip.ts";

/** Something in a manifest that cannot be used. */
export interface ManifestProblem {
  /** The number of the document in its file, from 1. */
  readonly document: number;
  /** The line in the file, from 1. */
  readonly line: number;
  readonly reason: string;
}

/** What a manifest holds. */
export interface Manifest {
  readonly objects: readonly ClusterObject[];
  readonly problems: readonly ManifestProblem[];
  /** The kinds of the objects that do not concern a service proxy, or are another one's. */
  readonly ignored: readonly string[];
}

/** A document, or an item of a list in one, and where it begins. */
interface RawObject {
  readonly value: unknown;
  readonly document: number;
  readonly line: number;
  /** The kind that a typed list (`ServiceList`) gives to items which carry none. */
  readonly listKind?: string;
}

/** The API group of each kind that is used. A kind of the same name in another group is another kind. */
const GROUPS: Readonly<Record<string, string>> = {
  Service: "",
  Endpoints: "",
  Node: "",
  EndpointSlice: "discovery.k8s.io",
  ServiceCIDR: "networking.k8s.io",
};

/** The labels that keep an object from weir, by their presence: those of the selectors in `resource.ts`. */
const EXCLUDING_LABELS: Readonly<Record<string, string>> = {
  Service: OTHER_PROXY,
  Endpoints: HEADLESS, // the API server mirrors its labels to its slices
  EndpointSlice: HEADLESS,
};

/**
 * Parses a manifest: YAML with any number of documents, or JSON, each an object or a list of objects.
 *
 * The objects get the API's defaults and are stripped. Never throws: what cannot be used is a problem, and what is
 * beside it is still there.
 */
export function parseManifest(text: string): Manifest {
  const objects = new Map<string, ClusterObject>();
  const problems: ManifestProblem[] = [];
  const ignored: string[] = [];
  for (const raw of rawObjects(text, problems)) {
    try {
      const kind = kindOf(raw);
      if (kind === undefined) {
        ignored.push(String((raw.value as { kind?: unknown }).kind));
        continue;
      }
      for (const object of convert(kind, raw.value)) addOnce(objects, object);
    } catch (error) {
      if (!(error instanceof ObjectError)) throw error;
      problems.push({ document: raw.document, line: raw.line, reason: error.message });
    }
  }
  return { objects: [...objects.values()], problems, ignored };
}

function addOnce(objects: Map<string, ClusterObject>, object: ClusterObject): void {
  const key = `${object.kind} "${keyOf(object)}"`;
  if (objects.has(key)) {
    throw new ObjectError(`Cannot use ${key}: the file defines it before, the first one counts`);
  }
  objects.set(key, object);
}

/** Returns the kind of an object that is used, undefined for one that is not to be. Throws `ObjectError`. */
function kindOf(raw: RawObject): string | undefined {
  if (typeof raw.value !== "object" || raw.value === null || Array.isArray(raw.value)) {
    throw new ObjectError("Cannot use the document: it must be a Kubernetes object");
  }
  const { kind = raw.listKind, apiVersion } = raw.value as { kind?: unknown; apiVersion?: unknown };
  if (typeof kind !== "string" || kind === "") {
    throw new ObjectError("Cannot use the object: it has no 'kind'");
  }
  const group = GROUPS[kind];
  if (group === undefined || isExcluded(kind, raw.value)) return undefined;
  if (apiVersion === undefined || apiVersion === null) return kind;
  const version = String(apiVersion);
  const given = version.includes("/") ? version.slice(0, version.indexOf("/")) : "";
  return given === group ? kind : undefined;
}

/** Tells whether the API server would keep an object from weir because of a label. */
function isExcluded(kind: string, value: object): boolean {
  const { metadata } = value as { metadata?: { labels?: unknown } | null };
  const labels = metadata?.labels;
  return typeof labels === "object" && labels !== null &&
    Object.hasOwn(labels, EXCLUDING_LABELS[kind] ?? "");
}

function convert(kind: string, value: unknown): ClusterObject[] {
  const raw = { ...value as Record<string, unknown>, kind };
  switch (kind) {
    case "Service":
      return [strip(defaultService(raw as V1Service))];
    case "EndpointSlice":
      return [strip(defaultSlice(raw as unknown as V1EndpointSlice))];
    case "Endpoints":
      return slicesOf(raw).map((slice) => strip(slice));
    default:
      return [strip(raw)];
  }
}

/** JSON is YAML too, but its own parser is many times faster; only JSON that it refuses is parsed for the line. */
function rawObjects(text: string, problems: ManifestProblem[]): RawObject[] {
  if (/^\s*[{[]/.test(text)) {
    try {
      return itemsOf({ value: JSON.parse(text), document: 1, line: 1 });
    } catch { /* flow-style YAML, or broken: the YAML parser tells */ }
  }
  return readYaml(text, { schema: SCHEMA }).flatMap((document, index) => {
    if (!("reason" in document)) return objectsOf(document, index + 1);
    const reason = `Cannot parse YAML: ${document.reason}`;
    problems.push({ document: index + 1, line: document.line, reason });
    return [];
  }).toArray();
}

/** What plain scalars mean: YAML 1.2, with the merge keys of 1.1. */
const SCHEMA = CORE_SCHEMA.withTags(mergeTag);

function objectsOf({ data, root }: YamlDocument, number: number): readonly RawObject[] {
  if (data === null) return [];
  const list = root.entries.find(({ name }) => name === "items")?.value;
  const lines = list?.items.map(({ line }) => line) ?? [];
  return itemsOf({ value: data, document: number, line: root.line ?? 1 }, lines);
}

/** Takes lists apart, lists in lists too. */
function itemsOf(raw: RawObject, lines: readonly (number | undefined)[] = []): RawObject[] {
  const { kind, items } = (raw.value ?? {}) as { kind?: unknown; items?: unknown };
  if (typeof kind !== "string" || !kind.endsWith("List") || !Array.isArray(items)) return [raw];
  const itemKind = kind.slice(0, -"List".length);
  return items.flatMap((value, index) =>
    itemsOf({
      value,
      document: raw.document,
      line: lines[index] ?? raw.line,
      ...(itemKind === "" ? {} : { listKind: itemKind }),
    })
  );
}
