const NEWLINE = 10;

/** A peer sent more in one piece than any honest one does. */
export class TooLongError extends Error {
  override readonly name = "TooLongError";
}

/**
 * Splits a stream of UTF-8 bytes into lines, and yields those that each chunk completes together.
 *
 * Cutting at bytes is safe, as no character of UTF-8 other than the newline contains that byte. Every byte is
 * copied at most once, however long a line is. Empty lines are left out; a last line without a newline is yielded.
 *
 * Throws `TooLongError` when a line exceeds `maxBytes`.
 */
export async function* readLines(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  maxBytes: number,
): AsyncGenerator<string[], void, void> {
  const splitter = new LineSplitter(maxBytes);
  for await (const chunk of stream) yield splitter.push(chunk);
  yield splitter.end();
}

/** Reads a whole stream of UTF-8. Throws `TooLongError` when it exceeds `maxBytes`. */
export async function readText(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  maxBytes: number,
  onChunk: () => void = () => {},
): Promise<string> {
  const pieces = new Pieces(maxBytes);
  for await (const chunk of stream) {
    pieces.add(chunk);
    onChunk();
  }
  return pieces.take();
}

/** Chunks in, complete lines out. */
class LineSplitter {
  readonly #rest: Pieces;

  constructor(maxBytes: number) {
    this.#rest = new Pieces(maxBytes);
  }

  push(chunk: Uint8Array<ArrayBuffer>): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#rest.add(chunk.subarray(start, end));
      this.#take(lines);
      start = end + 1;
    }
    this.#rest.add(chunk.subarray(start));
    return lines;
  }

  end(): string[] {
    const lines: string[] = [];
    this.#take(lines);
    return lines;
  }

  #take(lines: string[]): void {
    const line = this.#rest.take();
    if (line !== "" && line !== "\r") lines.push(line);
  }
}

/** Bytes that belong together, decoded once they are complete. */
class Pieces {
  readonly #decoder = new TextDecoder();
  readonly #maxBytes: number;
  #pieces: Uint8Array<ArrayBuffer>[] = [];
  #size = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  add(piece: Uint8Array<ArrayBuffer>): void {
    this.#size += piece.length;
    if (this.#size > this.#maxBytes) {
      throw new TooLongError(
        `Cannot read the response: it has more than "${this.#maxBytes}" bytes in one piece`,
      );
    }
    if (piece.length > 0) this.#pieces.push(piece);
  }

  take(): string {
    const [first, ...more] = this.#pieces;
    if (first === undefined) return "";
    const bytes = more.length === 0 ? first : joined(this.#pieces, this.#size);
    this.#pieces = [];
    this.#size = 0;
    return this.#decoder.decode(bytes);
  }
}

function joined(pieces: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}
