import { deepEqual, equal, throws } from "node:assert/strict";
import fc from "fast-check";
import { endOfHead, formatHead, parseHead } from "../../daemon/http_head.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("parseHead() reads method, path and headers", () => {
  const head = parseHead("PUT /a?b=c HTTP/1.1\r\nHost: x\r\nAccept: a\r\nAccept:  b\t\r\nEmpty:");
  deepEqual([head.method, head.url], ["PUT", "http://localhost/a?b=c"]);
  deepEqual([...head.headers], [["accept", "a, b"], ["empty", ""], ["host", "x"]]);
  deepEqual([head.keepAlive, head.hasBody], [true, false]);
});

Deno.test("parseHead() takes a path for a path, also one that looks like a host", () => {
  equal(new URL(parseHead("GET //evil.example/x HTTP/1.0").url).hostname, "localhost");
  equal(new URL(parseHead("GET http://evil.example/x HTTP/1.0").url).hostname, "localhost");
});

Deno.test("parseHead() throws a SyntaxError or gives what can be a Request, whatever it is given", () => {
  const line = fc.oneof(
    fc.string({ unit: "binary", maxLength: 30 }),
    fc.constantFrom(
      "GET / HTTP/1.1",
      "Host: a",
      "Content-Length: -1",
      "Connection: close, x",
      ": x",
    ),
  );
  fc.assert(fc.property(fc.array(line, { maxLength: 5 }), (lines) => {
    const text = new TextDecoder("latin1").decode(bytes(lines.join("\r\n")));
    let head;
    try {
      head = parseHead(text);
    } catch (error) {
      equal((error as Error).name, "SyntaxError");
      return;
    }
    new URL(head.url);
  }));
});

Deno.test("parseHead() refuses what others might read in another way", () => {
  for (
    const text of [
      "GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 5",
      "GET / HTTP/1.1\r\nHost: a\r\n folded",
      "GET  / HTTP/1.1\r\nHost: a",
      "GET / HTTP/1.1\r\nHost: a\rX: b",
      "GET /\t HTTP/1.1\r\nHost: a",
      "GET / HTTP/2.0\r\nHost: a",
      "",
    ]
  ) throws(() => parseHead(text), SyntaxError, JSON.stringify(text));
});

const ends: { name: string; given: string; want: number }[] = [
  { name: "CRLF", given: "a\r\n\r\nrest", want: 5 },
  { name: "LF", given: "a\n\nrest", want: 3 },
  { name: "both", given: "a\r\n\nrest", want: 4 },
  { name: "no end yet", given: "a\r\nb\r\n\r", want: -1 },
  { name: "nothing", given: "", want: -1 },
];

for (const { name, given, want } of ends) {
  Deno.test(`endOfHead() finds the empty line: ${name}`, () => {
    equal(endOfHead(bytes(given), given.length), want);
  });
}

Deno.test("endOfHead() finds the same end when it goes on where it stopped", () => {
  const text = bytes("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  let end = -1;
  for (let length = 1, looked = 0; length <= text.length; length++) {
    end = endOfHead(text, length, looked);
    looked = length - 1;
  }
  equal(end, text.length);
});

Deno.test("formatHead() writes the head of an answer", () => {
  const response = new Response("x", {
    status: 503,
    headers: { "x-content-type-options": "nosniff" },
  });
  const date = new Date(0);
  equal(
    formatHead(response, { length: 1, keepAlive: false, date }),
    "HTTP/1.1 503 Service Unavailable\r\nContent-Type: text/plain;charset=UTF-8\r\n" +
      "X-Content-Type-Options: nosniff\r\nContent-Length: 1\r\nDate: Thu, 01 Jan 1970 00:00:00 GMT\r\n" +
      "Connection: close\r\n\r\n",
  );
});
