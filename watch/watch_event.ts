import type { ClusterObject, ObjectKey } from "../model/objects.ts";
import type { ApiError } from "./api_error.ts";

/** An object that the API server sent, as far as it can be used. */
export type Item = UsableItem | UnusableItem;

/** An object in full. */
export interface UsableItem {
  readonly object: ClusterObject;
  /** Its resource version; undefined when it carries none. */
  readonly version: string | undefined;
}

/** An object that cannot be used. */
export interface UnusableItem {
  readonly object: undefined;
  readonly version: string | undefined;
  /** Undefined when it has no name. */
  readonly key: ObjectKey | undefined;
  /** What is wrong, with the object and the field. */
  readonly problem: string;
}

/** One event of a watch stream (API conventions, "WatchEvent"), read from whatever encoding. */
export type WatchEvent =
  | { readonly type: "ADDED" | "MODIFIED"; readonly item: Item }
  | {
    readonly type: "DELETED";
    /** Undefined when the object has no name. */
    readonly key: ObjectKey | undefined;
    readonly version: string | undefined;
  }
  | {
    readonly type: "BOOKMARK";
    readonly version: string | undefined;
    /** True when it ends the initial events of a streaming list (KEP-3157). */
    readonly endsList: boolean;
  }
  | { readonly type: "ERROR"; readonly error: ApiError };

/** The annotation of the bookmark that ends the initial events of a streaming list. */
export const INITIAL_EVENTS_END = "k8s.io/initial-events-end";

/** Tells whether version `a` was given out before `b` (decimal numbers of any length, KEP-5504). */
export function isOlder(a: string, b: string): boolean {
  return a.length === b.length ? a < b : a.length < b.length;
}
