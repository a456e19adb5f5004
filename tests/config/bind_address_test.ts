import assert from "node:assert/strict";
import { parseHostPort, withPort } from "../../config/bind_address.ts";

Deno.test("withPort() gives a bare IP a port, and leaves everything else alone", () => {
  const table: [string, string][] = [
    ["1.2.3.4", "1.2.3.4:12345"],
    ["fd00::5", "[fd00::5]:12345"],
    ["1.2.3.4:80", "1.2.3.4:80"],
    ["[fd00::5]:80", "[fd00::5]:80"],
    ["[fd00::5]", "[fd00::5]"],
    ["", ""],
    ["localhost", "localhost"],
  ];
  for (const [address, want] of table) assert.equal(withPort(address, 12345), want);
});

Deno.test("parseHostPort() splits IP:port", () => {
  assert.deepEqual(parseHostPort("0.0.0.0:10256"), { host: "0.0.0.0", port: 10256 });
  assert.deepEqual(parseHostPort("[::]:1"), { host: "::", port: 1 });
  assert.deepEqual(parseHostPort("127.0.0.1:65535"), { host: "127.0.0.1", port: 65535 });
});

Deno.test("parseHostPort() says what is wrong with an address", () => {
  const table: [string, RegExp][] = [
    ["10.0.0.1", /is not IP:port/],
    ["[fd00::5]", /is not IP:port/],
    ["fd00::5:80", /is not IP:port/],
    ["", /is not IP:port/],
    [":80", /IP address/],
    ["localhost:80", /IP address/],
    ["[1.2.3.4.5]:80", /IP address/],
    ["10.0.0.1:0", /port/],
    ["10.0.0.1:65536", /port/],
    ["10.0.0.1:http", /port/],
    ["10.0.0.1:", /port/],
  ];
  for (const [address, want] of table) assert.match(String(parseHostPort(address)), want, address);
});
