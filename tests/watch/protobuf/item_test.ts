import assert from "node:assert/strict";
import fc from "fast-check";
import { type Kind, KINDS } from "../../../model/objects.ts";
import { itemOf } from "../../../watch/json/raw_object.ts";
import { readItem } from "../../../watch/protobuf/item.ts";
import { WireError, WireReader } from "../../../watch/protobuf/wire_reader.ts";
import { OBJECTS_OF_KIND } from "../../support/arbitrary_objects.ts";
import {
  bytesField,
  concat,
  encodeObject,
  fixedField,
  numberField,
} from "../../support/protobuf.ts";

function decode(kind: Kind, bytes: Uint8Array) {
  return readItem(new WireReader(bytes), kind);
}

/** Fields of all types, as a version to come may have them. */
const FUTURE = [
  ...bytesField(300, new Uint8Array(200)),
  ...numberField(301, -1),
  ...fixedField(302, new Uint8Array(8)),
  ...fixedField(15, new Uint8Array(4)),
];

for (const kind of KINDS) {
  Deno.test(`readItem() reads a ${kind} as JSON has it, complaints included`, () => {
    fc.assert(fc.property(OBJECTS_OF_KIND[kind], (raw) => {
      assert.deepEqual(decode(kind, encodeObject(kind, raw)), itemOf(raw, kind));
    }));
  });

  Deno.test(`readItem() passes over what it does not know in a ${kind}`, () => {
    fc.assert(fc.property(OBJECTS_OF_KIND[kind], (raw) => {
      const bytes = encodeObject(kind, raw);
      const want = decode(kind, bytes);
      assert.deepEqual(decode(kind, concat([...FUTURE, bytes, ...FUTURE])), want);
    }));
  });

  Deno.test(`readItem() takes any bytes as a ${kind} that are not one for broken, no more`, () => {
    const broken = fc.tuple(
      OBJECTS_OF_KIND[kind],
      fc.array(fc.tuple(fc.nat(), fc.nat(255))),
      fc.nat(),
    );
    fc.assert(fc.property(broken, ([raw, changes, length]) => {
      const bytes = encodeObject(kind, raw);
      for (const [at, value] of changes) bytes[at % bytes.length] = value;
      try {
        decode(kind, bytes.subarray(0, length % (bytes.length + 1)));
      } catch (error) {
        assert.ok(error instanceof WireError, String(error));
      }
    }));
  });
}
