import assert from "node:assert/strict";
import fc from "fast-check";
import { decodeEvent } from "../../../watch/protobuf/event.ts";
import {
  bytesField,
  concat,
  encodeBody,
  encodeObject,
  encodeWatchEvent,
  envelope,
} from "../../support/protobuf.ts";

const META = { namespace: "default", name: "web", resourceVersion: "7" };

function event(type: string, kind: string, object: unknown) {
  return decode(encodeWatchEvent(type, encodeBody(kind, object)));
}

function decode(bytes: Uint8Array) {
  return decodeEvent(bytes, 0, bytes.length, "Service");
}

Deno.test("decodeEvent() reads events of all types", () => {
  const added = event("ADDED", "Service", { metadata: META, spec: { clusterIP: "10.96.0.1" } });
  assert.ok(added?.type === "ADDED" && added.item.object?.kind === "Service");
  assert.deepEqual([added.item.object.clusterIP, added.item.version], ["10.96.0.1", "7"]);
  const deleted = { type: "DELETED", key: "default/web", version: "7" };
  assert.deepEqual(event("DELETED", "Service", { metadata: META }), deleted);
  const bookmark = (annotations: object) =>
    event("BOOKMARK", "Service", { metadata: { resourceVersion: "9", annotations } });
  assert.deepEqual(bookmark({}), { type: "BOOKMARK", version: "9", endsList: false });
  const ending = bookmark({ "k8s.io/initial-events-end": "true", other: "x" });
  assert.deepEqual(ending, { type: "BOOKMARK", version: "9", endsList: true });
  const status = {
    code: 410,
    reason: "Expired",
    message: "old",
    details: { retryAfterSeconds: 3 },
  };
  const failed = event("ERROR", "Status", status);
  assert.ok(failed?.type === "ERROR");
  const { code, reason, message, retryAfterMs } = failed.error;
  assert.deepEqual([code, reason, message, retryAfterMs], [410, "Expired", "old", 3000]);
});

Deno.test("decodeEvent() says what is wrong with an object that cannot be used", async (t) => {
  const unusable = (bytes: Uint8Array) => {
    const read = decode(bytes);
    assert.ok(read?.type === "MODIFIED" && read.item.object === undefined);
    return read.item;
  };
  await t.step("a value", () => {
    const object = { metadata: META, spec: { ports: [{ port: 80 }, { port: 65536 }] } };
    const item = unusable(encodeWatchEvent("MODIFIED", encodeBody("Service", object)));
    assert.equal(
      item.problem,
      `Cannot use Service "default/web": 'spec.ports[1].port' must be a whole number from 1 to 65535: ` +
        `current value is "65536"`,
    );
    assert.deepEqual([item.key, item.version], ["default/web", "7"]);
  });
  await t.step("a type", () => {
    const spec = bytesField(2, concat(bytesField(12, new Uint8Array(1))));
    const raw = concat([encodeObject("Service", { metadata: META }), ...spec]);
    const item = unusable(encodeWatchEvent("MODIFIED", envelope("Service", raw)));
    assert.match(
      item.problem,
      /^Cannot use Service "default\/web": 'spec\.healthCheckNodePort' has/,
    );
    assert.deepEqual([item.key, item.version], ["default/web", "7"]);
  });
  await t.step("another kind", () => {
    const item = unusable(encodeWatchEvent("MODIFIED", encodeBody("Pod", { metadata: META })));
    assert.match(item.problem, /object "default\/web": kind "Pod" is not "Service"/);
  });
  await t.step("no name", () => {
    const item = unusable(encodeWatchEvent("MODIFIED", encodeBody("Service", { metadata: {} })));
    assert.match(item.problem, /'metadata\.name'/);
    assert.equal(item.key, undefined);
  });
});

Deno.test("decodeEvent() takes nothing else", () => {
  const body = encodeBody("Service", { metadata: META });
  const others = [
    new Uint8Array(0),
    new TextEncoder().encode('{"type":"ADDED","object":{}}\n'),
    encodeWatchEvent("BREWED", body),
    encodeWatchEvent("ADDED", body.subarray(1)),
    encodeWatchEvent("ADDED", body.subarray(0, 30)),
    encodeWatchEvent("ADDED", new Uint8Array(0)),
    concat(bytesField(1, new TextEncoder().encode("ADDED"))),
  ];
  for (const other of others) assert.equal(decode(other), undefined, String(other));
});

Deno.test("decodeEvent() never throws", () => {
  const whole = encodeWatchEvent("ADDED", encodeBody("Service", { metadata: META }));
  const changes = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 5 });
  fc.assert(fc.property(changes, fc.uint8Array(), (changes, noise) => {
    const bytes = whole.slice();
    for (const [at, value] of changes) bytes[at] = value;
    decode(bytes);
    decode(noise);
  }));
});
