import type { Kind } from "../../model/objects.ts";
import { errorOfStatus } from "../api_error.ts";
import { INITIAL_EVENTS_END, type WatchEvent } from "../watch_event.ts";
import { itemOf, keyOfRaw, type RawObject, versionOf } from "./raw_object.ts";

/** Reads a line of a watch stream of `kind`. Returns undefined when it is not a watch event. */
export function parseEvent(line: string, kind: Kind): WatchEvent | undefined {
  let event: { readonly type?: unknown; readonly object?: unknown } | null;
  try {
    event = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { type, object } = event ?? {};
  if (typeof object !== "object" || object === null) return undefined;
  const raw: RawObject = object;
  switch (type) {
    case "ADDED":
    case "MODIFIED":
      return { type, item: itemOf(raw, kind) };
    case "DELETED":
      return { type, key: keyOfRaw(raw), version: versionOf(raw) };
    case "BOOKMARK": {
      const endsList = raw.metadata?.annotations?.[INITIAL_EVENTS_END] === "true";
      return { type, version: versionOf(raw), endsList };
    }
    case "ERROR":
      return { type, error: errorOfStatus(raw) };
  }
}
