import type { BytesPool } from "./bytes_pool.ts";
import { sharedTextOf, textOf } from "./texts.ts";

/** Bytes that are not the message that they should be. */
export class WireError extends Error {
  override readonly name = "WireError";
}

/** How the value of a field is encoded (protobuf.dev, "Encoding"). */
const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/** A message around the current one, and the way from it to that. */
interface Outer {
  end: number;
  name: string;
  index: number;
}

/** Reads the value of one field, with exactly one call of the reader, into what its message is read into. */
export type FieldReader<T> = (from: WireReader, into: T) => void;

/** How the fields of a message are read, by their numbers. All others are passed over. */
export type MessageFields<T> = readonly (FieldReader<T> | undefined)[];

/** Makes the fields of a message from those that are of use. */
export function messageFields<T>(used: Readonly<Record<number, FieldReader<T>>>): MessageFields<T> {
  const last = Math.max(...Object.keys(used).map(Number));
  return Array.from({ length: last + 1 }, (_, number) => used[number]);
}

/**
 * Reads protobuf messages straight out of the bytes, field by field in the order in which they come.
 *
 * A value that is of no use costs next to nothing: it is passed over by its length. The names that the methods take are
 * those of the API, for errors.
 *
 * The bytes are untrusted: every method throws `WireError` when they do not hold what it is to read.
 */
export class WireReader {
  readonly #bytes: Uint8Array;
  #at: number;
  #end: number;
  #type = VARINT;
  readonly #outer: Outer[] = [];
  #depth = 0;

  /** Reads the message that `bytes` hold from `start` to `end`. */
  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
  }

  /** How many messages are around the current one. */
  get depth(): number {
    return this.#depth;
  }

  /** Reads what is left of the current message. */
  fill<T>(into: T, fields: MessageFields<T>): T {
    while (this.#at < this.#end) {
      const tag = this.#varint("");
      this.#type = tag & 7;
      const number = tag >>> 3;
      if (number === 0) this.#fail("", "has a field without a number");
      const read = fields[number];
      if (read === undefined) this.skip();
      else read(this, into);
    }
    return into;
  }

  /** Reads a message. `index` is its place when it is one of a list. */
  message<T>(name: string, into: T, fields: MessageFields<T>, index = -1): T {
    this.#enter(this.#endOfBytes(name), name, index);
    this.fill(into, fields);
    this.#leave();
    return into;
  }

  /** Reads a message with `read`, which does not have to read all of it. Its name is not part of paths in errors. */
  inside<T>(read: (from: WireReader) => T): T {
    this.#enter(this.#endOfBytes(""), "", -1);
    const value = read(this);
    this.#leave();
    return value;
  }

  /** Reads a message that many objects have in common, with `read` only when `pool` does not know its bytes. */
  sharedMessage<T>(name: string, pool: BytesPool<T>, read: (from: WireReader) => T): T {
    const end = this.#endOfBytes(name);
    const start = this.#at;
    const known = pool.find(this.#bytes, start, end);
    if (known !== undefined) {
      this.#at = end;
      return known;
    }
    this.#enter(end, name, -1);
    const value = read(this);
    this.#leave();
    return pool.add(this.#bytes, start, end, value);
  }

  /** Reads the bytes that have to come next in the current message. */
  expect(magic: Uint8Array): void {
    for (const byte of magic) {
      if (this.#byte("") !== byte) this.#fail("", "does not begin as a Kubernetes object does");
    }
  }

  /** Passes over the value. */
  skip(): void {
    switch (this.#type) {
      case BYTES:
        this.#at = this.#endOfBytes("");
        break;
      case VARINT:
        this.#varint("");
        break;
      case FIXED_64:
        this.#at = this.#endOf(8, "");
        break;
      case FIXED_32:
        this.#at = this.#endOf(4, "");
        break;
      default:
        this.#fail("", `has a field of the unknown wire type "${this.#type}"`);
    }
  }

  /** Reads a `string`. */
  text(name: string): string {
    const end = this.#endOfBytes(name);
    const text = textOf(this.#bytes, this.#at, end);
    this.#at = end;
    return text;
  }

  /** Reads a `string` that many objects have in common. */
  sharedText(name: string): string {
    const end = this.#endOfBytes(name);
    const text = sharedTextOf(this.#bytes, this.#at, end);
    this.#at = end;
    return text;
  }

  /** Reads an `int32`. */
  int32(name: string): number {
    this.#expect(VARINT, name);
    return this.#varint(name);
  }

  /** Reads a `bool`. */
  bool(name: string): boolean {
    return this.int32(name) !== 0;
  }

  /** Reads an `int64`, exact up to 2^53. */
  int64(name: string): number {
    this.#expect(VARINT, name);
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.#byte(name);
      if (shift < 28) low += (byte & 127) * 2 ** shift;
      else high += (byte & 127) * 2 ** (shift - 28);
      if (byte < 128) return signed(high, 36) * 2 ** 28 + low;
    }
    return this.#fail(name, "has a number without an end");
  }

  /** Gives up the messages inside of the one at `depth` (see {@linkcode depth}), and goes to the end of that. */
  abandon(depth: number): void {
    while (this.#depth > depth) this.#leave();
    this.#at = this.#end;
  }

  #enter(end: number, name: string, index: number): void {
    const outer = this.#outer[this.#depth++] ??= { end: 0, name: "", index: 0 };
    outer.end = this.#end;
    outer.name = name;
    outer.index = index;
    this.#end = end;
  }

  #leave(): void {
    this.#at = this.#end;
    this.#end = this.#outer[--this.#depth]!.end;
  }

  #expect(type: number, name: string): void {
    if (this.#type !== type) {
      this.#fail(name, `has the wire type "${this.#type}" instead of "${type}"`);
    }
  }

  /** Moves to the first byte of the value and returns where it ends. */
  #endOfBytes(name: string): number {
    this.#expect(BYTES, name);
    return this.#endOf(this.#varint(name), name);
  }

  #endOf(length: number, name: string): number {
    const end = this.#at + length;
    return length < 0 || end > this.#end ? this.#fail(name, "is longer than its message") : end;
  }

  #byte(name: string): number {
    return this.#at < this.#end ? this.#bytes[this.#at++]! : this.#fail(name, "is cut short");
  }

  /** Reads a number of up to ten bytes, of which the lowest 32 bits count, as signed. */
  #varint(name: string): number {
    let byte = this.#byte(name);
    let value = byte & 127;
    for (let shift = 7; byte >= 128; shift += 7) {
      if (shift >= 70) this.#fail(name, "has a number without an end");
      byte = this.#byte(name);
      if (shift < 32) value |= (byte & 127) << shift;
    }
    return value;
  }

  #fail(name: string, problem: string): never {
    let path = "";
    for (const outer of [...this.#outer.slice(0, this.#depth), { name, index: -1 }]) {
      if (outer.name === "") continue;
      path += `${path && "."}${outer.name}${outer.index < 0 ? "" : `[${outer.index}]`}`;
    }
    throw new WireError(path === "" ? `the message ${problem}` : `'${path}' ${problem}`);
  }
}

/** Takes a number of that many bits as two's complement; more bits than that do not count. */
function signed(value: number, bits: number): number {
  const rest = value % 2 ** bits;
  return rest < 2 ** (bits - 1) ? rest : rest - 2 ** bits;
}
