import { Pieces, TooLongError } from "../pieces.ts";

/** The length that stands before each frame, in bytes. */
const HEADER = 4;

/** Called with the place of a frame in `bytes`, which are only valid meanwhile. */
export type FrameTaker = (bytes: Uint8Array, start: number, end: number) => void;

/**
 * Splits bytes that arrive in chunks into frames, each of which stands behind its length in four bytes, big end first,
 * as the API server sends a watch in protobuf (apimachinery, `framer.NewLengthDelimitedFrameReader`).
 *
 * A frame that one chunk holds is not copied.
 */
export class FrameSplitter {
  readonly #maxBytes: number;
  /** The beginning of a frame, from its length on, whose end is to come. */
  readonly #rest: Pieces;

  /** Frames may have `maxBytes`. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#rest = new Pieces(HEADER + maxBytes);
  }

  /** Hands the frames that `chunk` completes to `take`. Throws `TooLongError` when one says that it is too long. */
  push(chunk: Uint8Array, take: FrameTaker): void {
    let at = this.#rest.size === 0 ? 0 : this.#finish(chunk, take);
    while (chunk.length - at >= HEADER) {
      const end = at + HEADER + this.#lengthAt(chunk, at);
      if (end > chunk.length) break;
      take(chunk, at + HEADER, end);
      at = end;
    }
    this.#rest.add(chunk.subarray(at));
  }

  /** Adds to the frame that has begun what belongs to it, and returns how many bytes of `chunk` that were. */
  #finish(chunk: Uint8Array, take: FrameTaker): number {
    const length = this.#fill(HEADER, chunk);
    if (this.#rest.size < HEADER) return length;
    const end = HEADER + this.#lengthAt(this.#rest.bytes, 0);
    const taken = length + this.#fill(end, chunk.subarray(length));
    if (this.#rest.size === end) take(this.#rest.take(), HEADER, end);
    return taken;
  }

  /** Takes the beginning of `chunk` until `size` bytes are held, and returns how many those were. */
  #fill(size: number, chunk: Uint8Array): number {
    const missing = Math.min(Math.max(0, size - this.#rest.size), chunk.length);
    this.#rest.add(chunk.subarray(0, missing));
    return missing;
  }

  #lengthAt(bytes: Uint8Array, at: number): number {
    const [a, b, c, d] = [bytes[at]!, bytes[at + 1]!, bytes[at + 2]!, bytes[at + 3]!];
    const length = ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
    if (length > this.#maxBytes) throw new TooLongError(this.#maxBytes);
    return length;
  }
}
