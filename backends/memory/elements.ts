import { ImmutableMap } from "../../model/immutable_map.ts";
import type { DataType } from "./data_type.ts";
import type { Tokens } from "./tokens.ts";
import { takeVerdict, type Verdict } from "./verdict.ts";

/** An element of a set, or of a map with its value. */
export interface Element {
  readonly key: readonly string[];
  readonly data?: readonly string[];
  readonly verdict?: Verdict;
  readonly comment: string;
  /** When it leaves by itself, on the clock of the one who put it there. */
  readonly expires: number;
}

/** A set or map with its elements. It never changes: the functions below make the next one. */
export interface Collection {
  readonly name: string;
  /** How it was declared. */
  readonly body: string;
  readonly keyTypes: readonly DataType[];
  readonly holds: "keys" | "verdicts" | "data";
  readonly dataTypes: readonly DataType[];
  /** Whether the last part of a key can be a range. Elements must not overlap then. */
  readonly hasRanges: boolean;
  /** Whether elements can leave by themselves. */
  readonly canExpire: boolean;
  /**
   * Elements by key. Where keys can be ranges: by the rest of the key, with all ranges that share it.
   */
  readonly buckets: ImmutableMap<string, readonly Element[]>;
}

/** No elements. */
export const NO_ELEMENTS: Collection["buckets"] = ImmutableMap();

/** Takes `{ KEY [comment "…"] [: VALUE], … }`. Throws `UnknownSyntaxError` for what does not fit the declaration. */
export function* parseElements(tokens: Tokens, collection: Collection): Iterable<Element> {
  tokens.expect("{");
  do {
    const key = parseLiterals(tokens, collection.keyTypes);
    const comment = tokens.take("comment") ? tokens.next().slice(1, -1) : "";
    const value = tokens.take(":") ? parseValue(tokens, collection) : {};
    yield { key, comment, expires: Infinity, ...value };
  } while (tokens.take(","));
  tokens.expect("}");
}

function parseValue(tokens: Tokens, collection: Collection): Pick<Element, "data" | "verdict"> {
  switch (collection.holds) {
    case "keys":
      return tokens.unknown(`gives a value to an element of the set "${collection.name}"`);
    case "verdicts": {
      const verdict = takeVerdict(tokens);
      return { verdict: verdict ?? tokens.unknown(`has "${tokens.peek()}" for a verdict`) };
    }
    case "data":
      return { data: parseLiterals(tokens, collection.dataTypes) };
  }
}

function parseLiterals(tokens: Tokens, types: readonly DataType[]): readonly string[] {
  return types.map((type, index) => {
    if (index > 0) tokens.expect(".");
    const literal = tokens.next();
    return type.canonical(literal) ??
      tokens.unknown(`has "${literal}", which is no ${type.name}`);
  });
}

/** Why nft and the kernel do not do what they are told, in their words. */
export class Refusal extends Error {
  override readonly name = "Refusal";
}

/** Returns the collection with `added`. Throws {@linkcode Refusal} for another value or a range that overlaps. */
export function addElements(collection: Collection, added: Iterable<Element>): Collection {
  const buckets = collection.buckets.withMutations((draft) => {
    for (const element of added) {
      if (collection.holds !== "keys" && !element.data && !element.verdict) {
        throw new Refusal("Invalid argument");
      }
      const bucket = bucketOf(collection, element.key);
      const others = draft.get(bucket, []);
      const same = others.find((other) => sameParts(other.key, element.key));
      if (same === undefined) {
        refuseOverlap(collection, others, element);
        draft.set(bucket, [...others, element]);
      } else if (valueText(same) !== valueText(element)) throw new Refusal("File exists");
    }
  });
  return { ...collection, buckets };
}

/** Returns the collection with `element` in the place of any other with its key, as a rule's `update` does it. */
export function putElement(collection: Collection, element: Element): Collection {
  const bucket = bucketOf(collection, element.key);
  const others = collection.buckets.get(bucket, [])
    .filter((other) => !sameParts(other.key, element.key));
  return { ...collection, buckets: collection.buckets.set(bucket, [...others, element]) };
}

/** Returns the collection without `removed`, of which only the keys count. Throws {@linkcode Refusal} for a missing one. */
export function deleteElements(collection: Collection, removed: Iterable<Element>): Collection {
  const buckets = collection.buckets.withMutations((draft) => {
    for (const { key } of removed) {
      const bucket = bucketOf(collection, key);
      const others = draft.get(bucket, []);
      const rest = others.filter((other) => !sameParts(other.key, key));
      if (rest.length === others.length) throw new Refusal("No such file or directory");
      if (rest.length > 0) draft.set(bucket, rest);
      else draft.delete(bucket);
    }
  });
  return { ...collection, buckets };
}

/** Returns the collection without elements. */
export function flushElements(collection: Collection): Collection {
  return { ...collection, buckets: NO_ELEMENTS };
}

/** Returns the collection without the elements whose time is over at `now`. */
export function expireElements(collection: Collection, now: number): Collection {
  if (!collection.canExpire) return collection;
  const buckets = collection.buckets
    .map((bucket) => bucket.filter(({ expires }) => expires > now))
    .filter((bucket) => bucket.length > 0);
  return { ...collection, buckets };
}

/** Returns the element for the values of a packet. */
export function findElement(
  collection: Collection,
  key: readonly string[],
): Element | undefined {
  const type = collection.keyTypes.at(-1);
  const last = key.at(-1);
  if (type === undefined || last === undefined) return undefined;
  return collection.buckets.get(bucketOf(collection, key))
    ?.find((element) => type.matches(element.key.at(-1) ?? "", last));
}

/** Yields all elements. */
export function* elementsOf(collection: Collection): Iterable<Element> {
  for (const bucket of collection.buckets.values()) yield* bucket;
}

/** Writes an element as nft does. */
export function elementText(element: Element): string {
  const comment = element.comment === "" ? "" : ` comment "${element.comment}"`;
  return `${element.key.join(" . ")}${comment}${valueText(element)}`;
}

function valueText({ data, verdict }: Element): string {
  if (data !== undefined) return ` : ${data.join(" . ")}`;
  if (verdict === undefined) return "";
  return ` : ${verdict.kind}${"chain" in verdict ? ` ${verdict.chain}` : ""}`;
}

function bucketOf({ hasRanges }: Collection, key: readonly string[]): string {
  return (hasRanges ? key.slice(0, -1) : key).join(" . ");
}

function sameParts(a: readonly string[], b: readonly string[]): boolean {
  return a.every((part, index) => part === b[index]);
}

/** A little stricter than the kernel, which takes some ranges that lie around others where keys are concatenated. */
function refuseOverlap(
  { keyTypes, hasRanges }: Collection,
  others: readonly Element[],
  element: Element,
): void {
  const ranges = element.key.map((part, index) => keyTypes[index]?.isRange(part) === true);
  if (ranges.some((isRange, index) => isRange && !(hasRanges && index === ranges.length - 1))) {
    throw new Refusal("Ranges are known in the last part of the key of an interval set only");
  }
  if (!hasRanges) return;
  const type = keyTypes.at(-1);
  const first = (one: Element) => (one.key.at(-1) ?? "").split("/")[0] ?? "";
  const covers = (a: Element, b: Element) => type?.matches(a.key.at(-1) ?? "", first(b));
  if (others.some((other) => covers(other, element) || covers(element, other))) {
    throw new Refusal("interval overlaps with an existing one");
  }
}
