import assert from "node:assert/strict";
import { encodeBody } from "../support/protobuf.ts";
import { errorOfResponse, errorOfStatus } from "../../watch/api_error.ts";

const NOW = Date.UTC(2026, 0, 1, 12, 0, 0);

function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

const RETRIES = [
  { name: "seconds", header: "7", body: "", want: 7000 },
  { name: "a date", header: "Thu, 01 Jan 2026 12:00:05 GMT", body: "", want: 5000 },
  { name: "a date in the past", header: "Thu, 01 Jan 2026 11:00:00 GMT", body: "", want: 0 },
  { name: "nonsense", header: "soon", body: "", want: undefined },
  {
    name: "the Status",
    header: undefined,
    body: '{"details":{"retryAfterSeconds":3}}',
    want: 3000,
  },
  { name: "nothing", header: undefined, body: "", want: undefined },
];
for (const { name, header, body, want } of RETRIES) {
  Deno.test(`errorOfResponse() takes the wait from ${name}`, () => {
    const headers = header === undefined ? {} : { "retry-after": header };
    const response = new Response(body, { status: 429, headers });
    assert.equal(errorOfResponse(response, encode(body), NOW).retryAfterMs, want);
  });
}

Deno.test("errorOfResponse() takes code, reason and message from where they are", () => {
  const status = JSON.stringify({ reason: "Forbidden", message: "no" });
  const refused = errorOfResponse(new Response(null, { status: 403 }), encode(status), NOW);
  assert.deepEqual([refused.code, refused.reason, refused.message], [403, "Forbidden", "no"]);
  const page = `<html>${"x".repeat(1000)}`;
  const proxy = errorOfResponse(new Response(null, { status: 502 }), encode(page), NOW);
  assert.deepEqual([proxy.code, proxy.reason, proxy.message.length], [502, "", 500]);
});

Deno.test("errorOfResponse() reads a Status in protobuf as well", () => {
  const headers = { "content-type": "application/vnd.kubernetes.protobuf" };
  const answer = (status: number) => new Response(null, { status, headers });
  const status = { message: "no", reason: "Expired", details: { retryAfterSeconds: 2 } };
  const expired = errorOfResponse(answer(410), encodeBody("Status", status), NOW);
  assert.deepEqual(
    [expired.code, expired.reason, expired.message, expired.retryAfterMs],
    [410, "Expired", "no", 2000],
  );
  const broken = errorOfResponse(answer(500), encode("<html>"), NOW);
  assert.deepEqual([broken.code, broken.message], [500, "no explanation"]);
});

const STATUSES = [
  { name: "a code", status: { code: 410 }, expired: true, ahead: false },
  { name: "a reason", status: { reason: "Expired" }, expired: true, ahead: false },
  {
    name: "a message",
    status: { message: "too old resource version" },
    expired: true,
    ahead: false,
  },
  {
    name: "a version from the future",
    status: { code: 504, reason: "Timeout", message: "Too large resource version: 9, current: 5" },
    expired: false,
    ahead: true,
  },
  { name: "something else", status: { code: 500 }, expired: false, ahead: false },
  { name: "no object", status: null, expired: false, ahead: false },
  {
    name: "wrong types",
    status: { code: "410", reason: 1, message: [] },
    expired: false,
    ahead: false,
  },
];
for (const { name, status, expired, ahead } of STATUSES) {
  Deno.test(`errorOfStatus() tells what helps by ${name}`, () => {
    const error = errorOfStatus(status);
    assert.deepEqual([error.isExpired, error.isAhead], [expired, ahead]);
  });
}
