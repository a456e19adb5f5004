import assert from "node:assert/strict";
import fc from "fast-check";
import { BytesPool } from "../../../watch/protobuf/bytes_pool.ts";
import { messageFields, WireError, WireReader } from "../../../watch/protobuf/wire_reader.ts";
import { bytesField, concat, fixedField, numberField } from "../../support/protobuf.ts";

interface Read {
  text?: string;
  shared?: string;
  int32?: number;
  int64?: number;
  flag?: boolean;
}

const FIELDS = messageFields<Read>({
  1: (from, read) => read.text = from.text("text"),
  2: (from, read) => read.shared = from.sharedText("shared"),
  3: (from, read) => read.int32 = from.int32("int32"),
  4: (from, read) => read.int64 = from.int64("int64"),
  5: (from, read) => read.flag = from.bool("flag"),
  6: (from, read) => from.message("inner", read, INNER),
});
const INNER = messageFields<Read>({
  1: (from, read) => from.message("list", read, FIELDS, 2),
});

function read(...pieces: Uint8Array[]): Read {
  return new WireReader(concat(pieces)).fill({}, FIELDS);
}

function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

Deno.test("WireReader reads any text, shared or not, as a TextDecoder does", () => {
  const bytes = fc.oneof(
    fc.string({ unit: "binary", maxLength: 200 }).map(utf8),
    fc.uint8Array({ maxLength: 200 }),
  );
  fc.assert(fc.property(bytes, (bytes) => {
    const want = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    const found = read(...bytesField(1, bytes), ...bytesField(2, bytes), ...bytesField(2, bytes));
    assert.deepEqual(found, { text: want, shared: want });
  }));
});

Deno.test("WireReader reads any number", () => {
  const int32 = fc.integer();
  const int64 = fc.oneof(fc.maxSafeInteger(), fc.integer());
  fc.assert(fc.property(int32, int64, fc.boolean(), (int32, int64, flag) => {
    const found = read(
      ...numberField(3, int32),
      ...numberField(4, int64),
      ...numberField(5, Number(flag)),
    );
    assert.deepEqual(found, { int32, int64, flag });
  }));
});

Deno.test("WireReader takes the last of the values of one field, and passes over unknown fields", () => {
  const found = read(
    ...numberField(3, 1),
    ...fixedField(7, new Uint8Array(8)),
    ...bytesField(99, utf8("later")),
    ...fixedField(8, new Uint8Array(4)),
    ...numberField(3, 2),
  );
  assert.deepEqual(found, { int32: 2 });
});

const nested = (bytes: Uint8Array) => bytesField(6, concat(bytesField(1, bytes)));
const BROKEN = [
  { name: "a text that is a number", bytes: numberField(1, 5), want: /^'text' has the wire type/ },
  {
    name: "a number that is a text",
    bytes: bytesField(3, utf8("5")),
    want: /^'int32' has the wire/,
  },
  {
    name: "a text that is cut short",
    bytes: [Uint8Array.of(0x0a, 3, 97)],
    want: /^'text' is longer/,
  },
  {
    name: "a length that is negative",
    bytes: [Uint8Array.of(0x0a, 255, 255, 255, 255, 15)],
    want: /longer/,
  },
  {
    name: "a number that is cut short",
    bytes: [Uint8Array.of(0x18, 255)],
    want: /^'int32' is cut short/,
  },
  {
    name: "a number without an end",
    bytes: [Uint8Array.of(0x18, ...new Uint8Array(20).fill(255))],
    want: /^'int32' has a number without an end/,
  },
  {
    name: "a large number without an end",
    bytes: [Uint8Array.of(0x20, ...new Uint8Array(20).fill(255))],
    want: /^'int64' has a number without an end/,
  },
  { name: "field 0", bytes: [Uint8Array.of(0)], want: /a field without a number/ },
  { name: "a group", bytes: [Uint8Array.of(0x7b, 0x7c)], want: /unknown wire type "3"/ },
  {
    name: "an unknown field cut short",
    bytes: [Uint8Array.of(0x79, 1)],
    want: /longer than its message/,
  },
  {
    name: "the way to the field",
    bytes: nested(concat(bytesField(3, utf8("x")))),
    want: /^'inner\.list\[2\]\.int32' has the wire type/,
  },
  {
    name: "what reaches beyond the message it is in",
    bytes: [...nested(Uint8Array.of(0x0a, 2, 97)), ...numberField(3, 1)],
    want: /^'inner\.list\[2\]\.text' is longer than its message/,
  },
];
for (const { name, bytes, want } of BROKEN) {
  Deno.test(`WireReader says what is wrong: ${name}`, () => {
    assert.throws(
      () => read(...bytes),
      (error) => error instanceof WireError && want.test(error.message),
    );
  });
}

Deno.test("WireReader goes on behind a message that is given up", () => {
  const fields = messageFields<(Read | string)[]>({
    1: (from, all) => all.push(from.inside(readOrGiveUp)),
  });
  const bytes = concat([
    ...bytesField(1, concat(nested(Uint8Array.of(0x0a, 2)))),
    ...bytesField(1, concat(numberField(3, 7))),
  ]);
  assert.deepEqual(new WireReader(bytes).fill([], fields), ["given up", { int32: 7 }]);
});

function readOrGiveUp(from: WireReader): Read | string {
  const { depth } = from;
  try {
    return from.fill({}, FIELDS);
  } catch {
    from.abandon(depth);
    return "given up";
  }
}

Deno.test("WireReader reads a message that it has met before from the pool", () => {
  const pool = new BytesPool<Read>();
  const fields = messageFields<Read[]>({
    1: (from, all) => all.push(from.sharedMessage("", pool, (inner) => inner.fill({}, FIELDS))),
  });
  const [one, other] = [concat(numberField(3, 1)), concat(numberField(3, 2))];
  const bytes = concat([one, other, one].flatMap((message) => bytesField(1, message)));
  const [a, b, again] = new WireReader(bytes).fill<Read[]>([], fields);
  assert.deepEqual([a, b], [{ int32: 1 }, { int32: 2 }]);
  assert.equal(again, a);
});
