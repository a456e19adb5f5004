/** Characters that may wait to be written. */
const LIMIT = 1_048_576;

/** Where lines go: `Deno.stderr`, or what a test puts in its place. */
export interface ByteStream {
  write(bytes: Uint8Array): Promise<number>;
  writeSync(bytes: Uint8Array): number;
}

/**
 * Writes lines in their order, without ever making the one who logs wait.
 *
 * Lines that pile up are written together. When nobody reads them, at most 1 MiB waits, and what does not fit is
 * counted instead; when nobody ever will (a closed pipe), everything is discarded. Nothing that happens here throws.
 */
export class LineWriter {
  readonly #stream: ByteStream;
  readonly #lossNote: (lines: number) => string;
  #waiting: string[] = [];
  #size = 0;
  #lost = 0;
  #writing = false;
  #closed = false;
  #drained: Promise<void> | undefined;

  /** `lossNote` makes the line that tells how many lines were not written. */
  constructor(stream: ByteStream, lossNote: (lines: number) => string) {
    this.#stream = stream;
    this.#lossNote = lossNote;
  }

  /** Takes a line, which ends in a newline. */
  write(line: string): void {
    if (this.#closed) return;
    if (this.#size + line.length > LIMIT) {
      this.#lost++;
      return;
    }
    this.#size += line.length;
    this.#waiting.push(line);
    this.#drained ??= this.#drain();
  }

  /** Resolves when everything has been written, or when `signal` aborts. */
  async flush(signal?: AbortSignal): Promise<void> {
    if (this.#drained === undefined || signal?.aborted) return;
    const given = new Promise<void>((resolve) => {
      signal?.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.race([this.#drained, given]);
  }

  /** Writes what waits at once, for a process that ends. Does nothing while a write is under way: that one hangs. */
  flushSync(): void {
    if (this.#writing) return;
    try {
      let bytes = new TextEncoder().encode(this.#take().join(""));
      while (bytes.length > 0) bytes = bytes.subarray(this.#stream.writeSync(bytes));
    } catch { /* nobody is left to tell */ }
  }

  async #drain(): Promise<void> {
    await null; // lines of the same turn go together, and a process that exits in it can still flush them
    while (this.#waiting.length > 0 || this.#lost > 0) {
      const lines = this.#take();
      this.#writing = true;
      try {
        let bytes = new TextEncoder().encode(lines.join(""));
        while (bytes.length > 0) bytes = bytes.subarray(await this.#stream.write(bytes));
      } catch (error) {
        if (!this.#mayRecover(error)) break;
        this.#lost += lines.length;
        break; // the next line tries again
      } finally {
        this.#writing = false;
      }
    }
    this.#drained = undefined;
  }

  /** Takes the lines that wait, and a note of those that are lost. */
  #take(): string[] {
    const lines = this.#waiting;
    if (this.#lost > 0) lines.push(this.#lossNote(this.#lost));
    this.#waiting = [];
    this.#size = 0;
    this.#lost = 0;
    return lines;
  }

  /** Tells a full disk from a pipe that nobody reads any more. */
  #mayRecover(error: unknown): boolean {
    this.#closed = error instanceof Deno.errors.BrokenPipe ||
      error instanceof Deno.errors.BadResource;
    return !this.#closed;
  }
}
