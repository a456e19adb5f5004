/** One value and the bytes that stand for it. */
interface Entry<T> {
  readonly bytes: Uint8Array;
  readonly value: T;
}

const SLOTS = 8192;
/** Longer ones are seldom the same, and take long to look at. */
const MOST_BYTES = 128;
/** 32-bit FNV-1a. */
const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/**
 * Values by the bytes that they are decoded from, so that what thousands of objects have in common is decoded once.
 *
 * A cache in which a place is taken by what came last, so that it stays small for ever.
 */
export class BytesPool<T> {
  readonly #slots: (Entry<T> | undefined)[] = new Array(SLOTS).fill(undefined);

  /** Returns what was added under the bytes from `start` to `end`; undefined when that is not known. */
  find(bytes: Uint8Array, start: number, end: number): T | undefined {
    if (end - start > MOST_BYTES) return undefined;
    const entry = this.#slots[slotOf(bytes, start, end)];
    return entry !== undefined && isAt(entry.bytes, bytes, start, end) ? entry.value : undefined;
  }

  /** Remembers `value` under a copy of the bytes, and returns it. */
  add(bytes: Uint8Array, start: number, end: number, value: T): T {
    if (end - start > MOST_BYTES) return value;
    this.#slots[slotOf(bytes, start, end)] = { bytes: bytes.slice(start, end), value };
    return value;
  }
}

function slotOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = FNV_BASIS;
  for (let at = start; at < end; at++) hash = Math.imul(hash ^ bytes[at]!, FNV_PRIME);
  return (hash ^ (hash >>> 15)) & (SLOTS - 1);
}

function isAt(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false;
  for (let index = 0; index < known.length; index++) {
    if (known[index] !== bytes[start + index]) return false;
  }
  return true;
}
