import { deepEqual, equal } from "node:assert/strict";
import { type ByteStream, LineWriter } from "../../daemon/log_writer.ts";

/** A stream whose writes end when the test says so. */
class SlowStream implements ByteStream {
  readonly writes: string[] = [];
  readonly sync: string[] = [];
  #pending: PromiseWithResolvers<void> | undefined;

  /** `portion` is the most that one write takes, as with a pipe that is nearly full. */
  constructor(readonly portion = Infinity) {}

  async write(bytes: Uint8Array): Promise<number> {
    this.#pending = Promise.withResolvers();
    await this.#pending.promise;
    const taken = bytes.subarray(0, this.portion);
    this.writes.push(new TextDecoder().decode(taken));
    return taken.length;
  }

  writeSync(bytes: Uint8Array): number {
    this.sync.push(new TextDecoder().decode(bytes));
    return bytes.length;
  }

  /** Ends the write that is under way, or makes it fail with `error`. */
  async end(error?: Error): Promise<void> {
    await turns();
    if (error) this.#pending?.reject(error);
    else this.#pending?.resolve();
    await turns();
  }
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

function note(lines: number): string {
  return `lost ${lines}\n`;
}

Deno.test("LineWriter writes together what piles up, in order, one write at a time", async () => {
  const stream = new SlowStream();
  const writer = new LineWriter(stream, note);
  writer.write("a\n");
  writer.write("b\n");
  await turns();
  writer.write("c\n");
  writer.write("d\n");
  deepEqual(stream.writes, []);
  await stream.end();
  await stream.end();
  await writer.flush();
  deepEqual(stream.writes, ["a\nb\n", "c\nd\n"]);
});

Deno.test("LineWriter goes on where a short write ended", async () => {
  const stream = new SlowStream(3);
  const writer = new LineWriter(stream, note);
  writer.write("abcdefg\n");
  for (let part = 0; part < 3; part++) await stream.end();
  await writer.flush();
  deepEqual(stream.writes, ["abc", "def", "g\n"]);
});

Deno.test("LineWriter keeps 1 MiB for a reader that is slow, and says how many lines it lost", async () => {
  const stream = new SlowStream();
  const writer = new LineWriter(stream, note);
  const line = "x".repeat(1023) + "\n";
  writer.write("first\n");
  await turns();
  for (let i = 0; i < 1030; i++) writer.write(line);
  await stream.end();
  await stream.end();
  await writer.flush();
  equal(stream.writes[1], line.repeat(1024) + "lost 6\n");
});

Deno.test("LineWriter discards everything once nobody can read it", async () => {
  const stream = new SlowStream();
  const writer = new LineWriter(stream, note);
  writer.write("a\n");
  await stream.end(new Deno.errors.BrokenPipe());
  writer.write("b\n");
  await writer.flush();
  writer.flushSync();
  deepEqual([stream.writes, stream.sync.join("")], [[], ""]);
});

Deno.test("LineWriter goes on after an error that may pass, and counts what it cost", async () => {
  const stream = new SlowStream();
  const writer = new LineWriter(stream, note);
  writer.write("a\n");
  writer.write("b\n");
  await stream.end(new Error("No space left on device"));
  writer.write("c\n");
  await stream.end();
  await writer.flush();
  deepEqual(stream.writes, ["c\nlost 2\n"]);
});

Deno.test("LineWriter.flush() gives up when its signal aborts", async () => {
  const writer = new LineWriter(new SlowStream(), note);
  writer.write("a\n");
  const stop = new AbortController();
  const flushed = writer.flush(stop.signal);
  stop.abort();
  await flushed;
  await writer.flush(stop.signal);
});

Deno.test("LineWriter.flushSync() writes what was logged in the turn in which the process ends", () => {
  const stream = new SlowStream();
  const writer = new LineWriter(stream, note);
  writer.write("last words\n");
  writer.flushSync();
  deepEqual(stream.sync, ["last words\n"]);
});

Deno.test("LineWriter.flushSync() does not wait for a reader that hangs", async () => {
  const stream = new SlowStream();
  const writer = new LineWriter(stream, note);
  writer.write("a\n");
  await turns();
  writer.write("b\n");
  writer.flushSync();
  deepEqual(stream.sync, []);
  await stream.end();
  await stream.end();
});
