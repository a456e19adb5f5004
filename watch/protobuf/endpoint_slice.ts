import type { EndpointObject } from "../../model/objects.ts";
import {
  ASSUMED_CONDITIONS,
  SERVICE_LABEL,
  type SliceDraft,
  type SlicePortDraft,
  TRIGGER_ANNOTATION,
} from "../drafts.ts";
import { NOTHING } from "../pool.ts";
import { sharedTexts } from "../shared_text.ts";
import { BytesPool } from "./bytes_pool.ts";
import { METADATA, type Metadata } from "./metadata.ts";
import { messageFields, type WireReader } from "./wire_reader.ts";

/** What is read of an EndpointSlice. */
export interface SliceReading extends SliceDraft {
  readonly metadata: Metadata;
  readonly ports: SlicePortDraft[];
  readonly endpoints: EndpointObject[];
}

type Endpoint = { -readonly [Key in keyof EndpointObject]: EndpointObject[Key] };
type Hints = Pick<EndpointObject, "zoneHints" | "nodeHints">;

const CONDITIONS = messageFields<Endpoint>({
  1: (from, endpoint) => endpoint.ready = from.bool("ready"),
  2: (from, endpoint) => endpoint.serving = from.bool("serving"),
  3: (from, endpoint) => endpoint.terminating = from.bool("terminating"),
});

const NAMED = messageFields<{ name: string }>({
  1: (from, hint) => hint.name = from.sharedText("name"),
});

const HINTS = messageFields<{ zones: string[]; nodes: string[] }>({
  1: (from, { zones }) => zones.push(from.message("forZones", { name: "" }, NAMED).name),
  2: (from, { nodes }) => nodes.push(from.message("forNodes", { name: "" }, NAMED).name),
});

/** Endpoints of one zone have the same hints, byte for byte. */
const hintsPool = new BytesPool<Hints>();

const ENDPOINT = messageFields<Endpoint>({
  1: (from, endpoint) => {
    if (endpoint.address === "") endpoint.address = from.text("addresses");
    else from.skip();
  },
  2: (from, endpoint) => from.message("conditions", endpoint, CONDITIONS),
  6: (from, endpoint) => endpoint.nodeName = from.sharedText("nodeName"),
  8: (from, endpoint) => Object.assign(endpoint, from.sharedMessage("hints", hintsPool, readHints)),
});

const PORT = messageFields<SlicePortDraft>({
  1: (from, port) => port.name = from.sharedText("name"),
  2: (from, port) => port.protocol = from.sharedText("protocol"),
  3: (from, port) => port.port = from.int32("port"),
});

/** `discovery.k8s.io/v1` EndpointSlice. */
export const ENDPOINT_SLICE = messageFields<SliceReading>({
  1: (from, slice) => {
    const { labels, annotations } = from.message("metadata", slice.metadata, METADATA);
    slice.service = labels[SERVICE_LABEL] ?? "";
    slice.triggerTime = annotations[TRIGGER_ANNOTATION] ?? "";
  },
  2: (from, { endpoints }) => {
    endpoints.push(from.message("endpoints", emptyEndpoint(), ENDPOINT, endpoints.length));
  },
  3: (from, { ports }) => {
    const port = { name: undefined, protocol: "", port: 0 };
    ports.push(from.message("ports", port, PORT, ports.length));
  },
  4: (from, slice) => slice.addressType = from.sharedText("addressType"),
});

/** Returns the reading of an EndpointSlice of which nothing is read yet. */
export function emptySlice(metadata: Metadata): SliceReading {
  return { metadata, service: "", addressType: "", ports: [], endpoints: [], triggerTime: "" };
}

function emptyEndpoint(): Endpoint {
  return {
    address: "",
    ready: ASSUMED_CONDITIONS.ready,
    serving: ASSUMED_CONDITIONS.serving,
    terminating: ASSUMED_CONDITIONS.terminating,
    nodeName: "",
    zoneHints: NOTHING,
    nodeHints: NOTHING,
  };
}

function readHints(from: WireReader): Hints {
  const { zones, nodes } = from.fill({ zones: [] as string[], nodes: [] as string[] }, HINTS);
  return { zoneHints: sharedTexts(zones), nodeHints: sharedTexts(nodes) };
}
