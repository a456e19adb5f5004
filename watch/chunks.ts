/** More than a server sends at once: what it flushes, or a frame of HTTP/2. */
const CHUNK_BYTES = 64 * 1024;

/**
 * Yields the bytes of an answer as they arrive.
 *
 * A chunk is only valid until the next one is asked for: all of them are in the same buffer, as the one that the stream
 * would else allocate for each, of 64 kB for often less than one, is half of what it costs to read a large list.
 */
export async function* chunksOf(
  response: Response,
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const { body } = response;
  if (body === null) return;
  const reader = byteReaderOf(body);
  if (reader === undefined) return yield* body;
  let buffer = new ArrayBuffer(CHUNK_BYTES);
  let ended = false;
  try {
    while (true) {
      const { value, done } = await reader.read(new Uint8Array(buffer));
      ended = done;
      if (done || value === undefined) return;
      yield value;
      buffer = value.buffer;
    }
  } finally {
    if (!ended) await reader.cancel().catch(() => {});
  }
}

/** A reader into buffers of one's own; undefined for a stream that is not made of bytes, as one of a test may be. */
function byteReaderOf(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
): ReadableStreamBYOBReader | undefined {
  try {
    return body.getReader({ mode: "byob" });
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}
