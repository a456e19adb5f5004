import assert from "node:assert/strict";
import { explainRoute } from "../../../daemon/explain/route.ts";
import { service, slice } from "../../support/objects.ts";
import { sourcesOf } from "./_ask.ts";

const SOURCES = sourcesOf([service("web"), slice("web", ["10.244.1.5"])], {}, ["IPv4"]);

async function get(query: string, hostname = "127.0.0.1") {
  const client: Deno.NetAddr = { transport: "tcp", hostname, port: 40_000 };
  const request = new Request(`http://localhost/debug/explain?${query}`);
  const response = await explainRoute(() => SOURCES)(request, client);
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    text: await response.text(),
  };
}

Deno.test("The route answers in text, and in JSON when it is asked for", async () => {
  const text = await get("target=10.96.0.10:80&from=pod");
  assert.deepEqual([text.status, text.type], [200, "text/plain; charset=utf-8"]);
  assert.match(text.text, /^10\.96\.0\.10:80\/TCP is the cluster IP of "default\/web": reaches 1/);
  const json = await get("target=10.96.0.10:80&output=json");
  assert.deepEqual([json.status, json.type], [200, "application/json"]);
  assert.equal(JSON.parse(json.text).ports[0].frontends[0].ways.length, 3);
});

Deno.test("The route refuses what is no question, and says what is wrong", async () => {
  const { status, text } = await get("target=web");
  assert.deepEqual([status, text], [
    400,
    'Cannot explain "web": write ADDRESS:PORT, ADDRESS:PORT/udp or NAMESPACE/NAME[:PORT]\n',
  ]);
  assert.equal((await get("")).status, 400);
  assert.equal((await get("target=a/b&from=me")).status, 400);
});

const CLIENTS = {
  "127.0.0.1": 200,
  "::1": 200,
  "::ffff:127.0.0.1": 200,
  "192.0.2.10": 200,
  "192.0.2.11": 403,
  "10.244.1.5": 403,
};

for (const [client, want] of Object.entries(CLIENTS)) {
  Deno.test(`The route answers a client at ${client} with ${want}`, async () => {
    assert.equal((await get("target=default/web", client)).status, want);
  });
}
