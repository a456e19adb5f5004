import { chunksOf } from "./chunks.ts";

/** A peer sent more in one piece than any honest one does. */
export class TooLongError extends Error {
  override readonly name = "TooLongError";

  /** `maxBytes` is the limit that was exceeded. */
  constructor(maxBytes: number) {
    super(`Cannot read the response: it has more than "${maxBytes}" bytes in one piece`);
  }
}

/** What most objects fit in. A larger buffer is not kept. */
const KEPT_BYTES = 64 * 1024;

/** Bytes that belong together and arrive piece by piece. */
export class Pieces {
  readonly #maxBytes: number;
  #buffer = new Uint8Array(0);
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get size(): number {
    return this.#size;
  }

  /** All of them as one, valid until the next is added. */
  get bytes(): Uint8Array<ArrayBuffer> {
    return this.#buffer.subarray(0, this.#size);
  }

  /** Takes a copy of `piece`. Throws `TooLongError` when there are too many bytes then. */
  add(piece: Uint8Array): void {
    const size = this.#size + piece.length;
    if (size > this.#maxBytes) throw new TooLongError(this.#maxBytes);
    if (size > this.#buffer.length) this.#grow(size);
    this.#buffer.set(piece, this.#size);
    this.#size = size;
  }

  /** Returns {@linkcode bytes} and is empty then. */
  take(): Uint8Array<ArrayBuffer> {
    const { bytes } = this;
    if (this.#buffer.length > KEPT_BYTES) this.#buffer = new Uint8Array(0);
    this.#size = 0;
    return bytes;
  }

  #grow(size: number): void {
    const larger = new Uint8Array(Math.max(size, 2 * this.#buffer.length));
    larger.set(this.#buffer.subarray(0, this.#size));
    this.#buffer = larger;
  }
}

/** Reads the whole body of an answer. Throws `TooLongError` when it exceeds `maxBytes`. */
export async function readBytes(
  response: Response,
  maxBytes: number,
  onChunk: () => void = () => {},
): Promise<Uint8Array<ArrayBuffer>> {
  const pieces = new Pieces(maxBytes);
  for await (const chunk of chunksOf(response)) {
    pieces.add(chunk);
    onChunk();
  }
  return pieces.take();
}
