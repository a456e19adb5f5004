import { keyOf, type Kind, type ObjectKey } from "../../model/objects.ts";
import { ObjectError } from "../fields.ts";
import { strip } from "../strip.ts";
import type { Item } from "../watch_event.ts";

/** As much of an untrusted object as is needed to know where it stands. */
export interface RawObject {
  readonly metadata?: {
    readonly namespace?: unknown;
    readonly name?: unknown;
    readonly resourceVersion?: unknown;
    readonly annotations?: Readonly<Record<string, unknown>>;
  };
}

/** Reads an object of `kind`. */
export function itemOf(raw: RawObject, kind: Kind): Item {
  const version = versionOf(raw);
  try {
    return { object: strip(raw, kind), version };
  } catch (error) {
    if (!(error instanceof ObjectError)) throw error;
    return { object: undefined, version, key: keyOfRaw(raw), problem: error.message };
  }
}

/** The version that an object or a list carries; undefined when it has none. */
export function versionOf(object: RawObject): string | undefined {
  const version = object.metadata?.resourceVersion;
  return typeof version === "string" && version !== "" ? version : undefined;
}

/** The key of an object that may not be usable otherwise. */
export function keyOfRaw(raw: RawObject | null): ObjectKey | undefined {
  const { namespace, name } = raw?.metadata ?? {};
  if (typeof name !== "string" || name === "") return undefined;
  return keyOf({ namespace: typeof namespace === "string" ? namespace : "", name });
}
