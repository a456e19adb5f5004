import { Pieces, TooLongError } from "./pieces.ts";

const NEWLINE = 10;

/**
 * Splits UTF-8 bytes that arrive in chunks into lines.
 *
 * Cutting at bytes is safe, as no character of UTF-8 other than the newline contains that byte. A line that one chunk
 * holds is not copied. Empty lines are left out.
 */
export class LineSplitter {
  readonly #maxBytes: number;
  /** The beginning of a line whose end is to come. */
  readonly #rest: Pieces;
  readonly #decoder = new TextDecoder();

  /** Lines may have `maxBytes`. */
  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#rest = new Pieces(maxBytes);
  }

  /** Returns the lines that `chunk` completes. Throws `TooLongError` when one is too long. */
  push(chunk: Uint8Array<ArrayBuffer>): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const piece = chunk.subarray(start, end);
      if (this.#rest.size === 0) this.#take(piece, lines);
      else {
        this.#rest.add(piece);
        this.#take(this.#rest.take(), lines);
      }
      start = end + 1;
    }
    this.#rest.add(chunk.subarray(start));
    return lines;
  }

  /** Returns the last line, when it has no newline at its end. */
  end(): string[] {
    const lines: string[] = [];
    this.#take(this.#rest.take(), lines);
    return lines;
  }

  #take(bytes: Uint8Array<ArrayBuffer>, lines: string[]): void {
    if (bytes.length > this.#maxBytes) throw new TooLongError(this.#maxBytes);
    const line = this.#decoder.decode(bytes);
    if (line !== "" && line !== "\r") lines.push(line);
  }
}
