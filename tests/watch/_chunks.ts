/**
 * Cuts `bytes` into chunks at the places that `cuts` choose.
 *
 * All chunks are in one buffer, as a stream's are, so that each is gone when the next one comes.
 */
export function* chunksOf(
  bytes: Uint8Array,
  cuts: readonly number[],
): Generator<Uint8Array<ArrayBuffer>> {
  const buffer = new Uint8Array(bytes.length);
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length];
  places.sort((a, b) => a - b);
  for (const [index, end] of places.slice(1).entries()) {
    const chunk = bytes.subarray(places[index], end);
    buffer.set(chunk);
    yield buffer.subarray(0, chunk.length);
    buffer.fill(255);
  }
}
