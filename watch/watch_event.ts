/** One line of a watch stream (API conventions, "WatchEvent"). The object is untrusted. */
export interface WatchEvent {
  readonly type: "ADDED" | "MODIFIED" | "DELETED" | "BOOKMARK" | "ERROR";
  readonly object: RawObject;
}

/** As much of a raw object as is needed to know where it stands. */
export interface RawObject {
  readonly metadata?: {
    readonly namespace?: unknown;
    readonly name?: unknown;
    readonly resourceVersion?: unknown;
    readonly annotations?: Readonly<Record<string, unknown>>;
  };
}

const TYPES: ReadonlySet<unknown> = new Set(["ADDED", "MODIFIED", "DELETED", "BOOKMARK", "ERROR"]);

/** Parses a line. Returns undefined when it is not a watch event. */
export function parseEvent(line: string): WatchEvent | undefined {
  let event: { readonly type?: unknown; readonly object?: unknown } | null;
  try {
    event = JSON.parse(line);
  } catch {
    return undefined;
  }
  const object = event?.object;
  const usable = TYPES.has(event?.type) && typeof object === "object" && object !== null;
  return usable ? event as WatchEvent : undefined;
}

/** The version that an object carries; undefined when it has none. */
export function versionOf(object: RawObject): string | undefined {
  const version = object.metadata?.resourceVersion;
  return typeof version === "string" && version !== "" ? version : undefined;
}

/** Tells whether a bookmark ends the initial events of a streaming list (KEP-3157). */
export function endsInitialEvents(object: RawObject): boolean {
  return object.metadata?.annotations?.["k8s.io/initial-events-end"] === "true";
}

/** Tells whether version `a` was given out before `b` (decimal numbers of any length, KEP-5504). */
export function isOlder(a: string, b: string): boolean {
  return a.length === b.length ? a < b : a.length < b.length;
}
