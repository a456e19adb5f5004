import assert from "node:assert/strict";
import { CpioWriter, type Entry, FILE, FOLDER, LINK } from "./cpio.ts";

async function archive(entries: readonly Entry[]): Promise<Uint8Array> {
  const parts: number[] = [];
  const writer = new CpioWriter((bytes) => Promise.resolve(void parts.push(...bytes)));
  for (const entry of entries) await writer.add(entry);
  await writer.end();
  return new Uint8Array(parts);
}

/** Reads an archive as the kernel does (init/initramfs.c). */
function read(bytes: Uint8Array): { path: string; mode: number; text: string }[] {
  const entries = [];
  const text = (from: number, to: number) => new TextDecoder().decode(bytes.subarray(from, to));
  const aligned = (at: number) => Math.ceil(at / 4) * 4;
  for (let at = 0; at < bytes.length;) {
    assert.equal(text(at, at + 6), "070701");
    const field = (index: number) => parseInt(text(at + 6 + index * 8, at + 14 + index * 8), 16);
    const [mode, size, length] = [field(1), field(6), field(11)];
    const data = aligned(at + 110 + length);
    const path = text(at + 110, at + 110 + length - 1);
    entries.push({ path, mode, text: text(data, data + size) });
    at = aligned(data + size);
  }
  return entries;
}

Deno.test("An archive has its entries in order, and an end", async () => {
  const data = (text: string) => new TextEncoder().encode(text);
  const bytes = await archive([
    { path: "usr", mode: FOLDER | 0o755 },
    { path: "usr/sbin", mode: LINK | 0o777, data: data("bin") },
    { path: "init", mode: FILE | 0o755, data: data("#!/bin/sh\n") },
    { path: "empty", mode: FILE | 0o644, data: data("") },
  ]);
  assert.deepEqual(read(bytes), [
    { path: "usr", mode: FOLDER | 0o755, text: "" },
    { path: "usr/sbin", mode: LINK | 0o777, text: "bin" },
    { path: "init", mode: FILE | 0o755, text: "#!/bin/sh\n" },
    { path: "empty", mode: FILE | 0o644, text: "" },
    { path: "TRAILER!!!", mode: 0, text: "" },
  ]);
});

Deno.test("Names and contents of every length are aligned", async () => {
  for (let length = 1; length <= 9; length++) {
    const text = "x".repeat(length);
    const bytes = await archive([{ path: text, mode: FILE, data: new TextEncoder().encode(text) }]);
    assert.equal(bytes.length % 4, 0);
    assert.deepEqual(read(bytes)[0], { path: text, mode: FILE, text });
  }
});
