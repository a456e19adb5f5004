import type { Kind } from "../model/objects.ts";
import { chunksOf } from "./chunks.ts";
import { isProtobuf } from "./content_type.ts";
import { parseEvent } from "./json/event.ts";
import { LineSplitter } from "./lines.ts";
import { decodeEvent } from "./protobuf/event.ts";
import { FrameSplitter } from "./protobuf/frames.ts";
import type { WatchEvent } from "./watch_event.ts";

/** The events that one piece of a stream completes. Undefined is something that is not an event. */
export type EventBatch = readonly (WatchEvent | undefined)[];

/** More than the largest object: etcd takes 1.5 MB. */
const EVENT_BYTES = 32 * 1024 * 1024;

/**
 * Reads the events of a watch of `kind`, in the encoding that the server chose. Those of each chunk come together.
 *
 * Throws `TooLongError` when one exceeds 32 MB.
 */
export async function* readEvents(
  response: Response,
  kind: Kind,
): AsyncGenerator<EventBatch, void, void> {
  const decoder = isProtobuf(response) ? new FrameDecoder(kind) : new LineDecoder(kind);
  for await (const chunk of chunksOf(response)) yield decoder.push(chunk);
  yield decoder.end();
}

/** One event a line, in JSON. */
class LineDecoder {
  readonly #lines = new LineSplitter(EVENT_BYTES);
  readonly #kind: Kind;

  constructor(kind: Kind) {
    this.#kind = kind;
  }

  push(chunk: Uint8Array<ArrayBuffer>): EventBatch {
    return this.#lines.push(chunk).map((line) => parseEvent(line, this.#kind));
  }

  end(): EventBatch {
    return this.#lines.end().map((line) => parseEvent(line, this.#kind));
  }
}

/** One event a frame, in protobuf. */
class FrameDecoder {
  readonly #frames = new FrameSplitter(EVENT_BYTES);
  readonly #kind: Kind;

  constructor(kind: Kind) {
    this.#kind = kind;
  }

  push(chunk: Uint8Array<ArrayBuffer>): EventBatch {
    const events: (WatchEvent | undefined)[] = [];
    this.#frames.push(chunk, (bytes, start, end) => {
      events.push(decodeEvent(bytes, start, end, this.#kind));
    });
    return events;
  }

  /** What has only begun is as good as never sent: the watch goes on from the event before. */
  end(): EventBatch {
    return [];
  }
}
