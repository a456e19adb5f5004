import { type MetaDraft, SERVICE_LABEL, TRIGGER_ANNOTATION } from "../drafts.ts";
import { INITIAL_EVENTS_END } from "../watch_event.ts";
import { BytesPool } from "./bytes_pool.ts";
import { messageFields, WireError, type WireReader } from "./wire_reader.ts";

/** What `metadata` says. */
export interface Metadata extends MetaDraft {
  resourceVersion: string;
  deleting: boolean;
  /** Those that are of use for the kind. */
  labels: Record<string, string>;
  /** The few that weir knows. */
  annotations: Record<string, string>;
}

/** One entry of a map that is being read. */
interface Entry {
  key: string;
  value: string;
}

/** From the beginning of the year 1 to the end of 9999, in seconds of the Unix epoch: what RFC 3339 can write. */
const FIRST_SECOND = -62_135_596_800;
const LAST_SECOND = 253_402_300_799;
const KNOWN: ReadonlySet<string> = new Set([SERVICE_LABEL, TRIGGER_ANNOTATION, INITIAL_EVENTS_END]);
/** Never changed: the first entry makes a map of its own. */
const EMPTY: Record<string, string> = Object.freeze({});

const times = new BytesPool<string>();
const TIME = messageFields<{ seconds: number }>({
  1: (from, time) => time.seconds = from.int64("seconds"),
});
const ALL_ENTRIES = messageFields<Entry>({
  1: (from, entry) => entry.key = from.sharedText("key"),
  2: (from, entry) => entry.value = from.text("value"),
});
const KNOWN_ENTRIES = messageFields<Entry>({
  1: (from, entry) => entry.key = from.sharedText("key"),
  2: (from, entry) => {
    if (entry.key === "" || KNOWN.has(entry.key)) entry.value = from.text("value");
    else from.skip();
  },
});

/** `meta/v1` ObjectMeta, of whose labels and annotations only a few are of use. */
export const METADATA = metadataFields((from, metadata) => {
  metadata.labels = withKnown(metadata.labels, from, "labels");
});

/** The same with all labels. */
export const METADATA_WITH_LABELS = metadataFields((from, metadata) => {
  const { key, value } = from.message("labels", { key: "", value: "" }, ALL_ENTRIES);
  metadata.labels = withEntry(metadata.labels, key, value);
});

/** Returns metadata that say nothing yet. */
export function emptyMetadata(): Metadata {
  return {
    namespace: "",
    name: "",
    uid: "",
    creationTimestamp: "",
    resourceVersion: "",
    deleting: false,
    labels: EMPTY,
    annotations: EMPTY,
  };
}

function metadataFields(readLabel: (from: WireReader, metadata: Metadata) => void) {
  return messageFields<Metadata>({
    1: (from, metadata) => metadata.name = from.text("name"),
    3: (from, metadata) => metadata.namespace = from.sharedText("namespace"),
    5: (from, metadata) => metadata.uid = from.text("uid"),
    6: (from, metadata) => metadata.resourceVersion = from.text("resourceVersion"),
    8: (from, metadata) => {
      metadata.creationTimestamp = from.sharedMessage("creationTimestamp", times, readTime);
    },
    9: (from, metadata) => {
      metadata.deleting = true;
      from.skip();
    },
    11: readLabel,
    12: (from, metadata) => {
      metadata.annotations = withKnown(metadata.annotations, from, "annotations");
    },
  });
}

function withKnown(map: Record<string, string>, from: WireReader, name: string) {
  const { key, value } = from.message(name, { key: "", value: "" }, KNOWN_ENTRIES);
  return KNOWN.has(key) ? withEntry(map, key, value) : map;
}

function withEntry(map: Record<string, string>, key: string, value: string) {
  const own = map === EMPTY ? {} : map;
  own[key] = value;
  return own;
}

/** Reads `meta/v1` Time as JSON writes it: RFC 3339 in whole seconds, and nothing for no time at all. */
function readTime(from: WireReader): string {
  const { seconds } = from.fill({ seconds: 0 }, TIME);
  if (seconds === 0) return "";
  if (seconds < FIRST_SECOND || seconds > LAST_SECOND) {
    throw new WireError(`'metadata.creationTimestamp' is not within the years 1 to 9999`);
  }
  return `${new Date(seconds * 1000).toISOString().slice(0, -".000Z".length)}Z`;
}
