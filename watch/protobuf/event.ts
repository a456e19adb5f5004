import type { Kind } from "../../model/objects.ts";
import { errorOfStatus } from "../api_error.ts";
import { INITIAL_EVENTS_END, type Item, type WatchEvent } from "../watch_event.ts";
import { readEnvelope } from "./envelope.ts";
import { keyOfMetadata, readItem, readMetadataOnly, titleOf, versionOf } from "./item.ts";
import { readStatus } from "./status.ts";
import { messageFields, WireError, WireReader } from "./wire_reader.ts";

/** A `meta/v1` WatchEvent that is being read. */
interface Reading {
  readonly kind: Kind;
  type: string;
  event: WatchEvent | undefined;
}

/** `runtime.RawExtension`. */
const RAW_EXTENSION = messageFields<Reading>({
  1: (from, reading) => {
    reading.event = from.inside((raw) =>
      readEnvelope(raw, (inner, kind) => readObject(inner, kind, reading))
    );
  },
});

/** Its type comes before its object, as with every encoder that writes the fields in order. */
const WATCH_EVENT = messageFields<Reading>({
  1: (from, reading) => reading.type = from.sharedText("type"),
  2: (from, reading) => from.message("", reading, RAW_EXTENSION),
});

/** Reads a frame of a watch stream of `kind`. Returns undefined when it is not a watch event. */
export function decodeEvent(
  bytes: Uint8Array,
  start: number,
  end: number,
  kind: Kind,
): WatchEvent | undefined {
  try {
    const reading: Reading = { kind, type: "", event: undefined };
    return new WireReader(bytes, start, end).fill(reading, WATCH_EVENT).event;
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}

function readObject(from: WireReader, actual: string, { kind, type }: Reading): WatchEvent {
  switch (type) {
    case "ADDED":
    case "MODIFIED":
      return { type, item: actual === kind ? readItem(from, kind) : strange(from, actual, kind) };
    case "DELETED": {
      const metadata = readMetadataOnly(from);
      return { type, key: keyOfMetadata(metadata), version: versionOf(metadata) };
    }
    case "BOOKMARK": {
      const metadata = readMetadataOnly(from);
      const endsList = metadata.annotations[INITIAL_EVENTS_END] === "true";
      return { type, version: versionOf(metadata), endsList };
    }
    case "ERROR":
      return { type, error: errorOfStatus(readStatus(from)) };
    default:
      throw new WireError(`the type "${type}" is not one of a watch event`);
  }
}

/** Takes an object of another kind than was asked for. */
function strange(from: WireReader, actual: string, kind: Kind): Item {
  const metadata = readMetadataOnly(from);
  const problem = `Cannot use object ${titleOf(metadata)}: kind "${actual}" is not "${kind}"`;
  return { object: undefined, version: versionOf(metadata), key: keyOfMetadata(metadata), problem };
}
