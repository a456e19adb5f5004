import assert from "node:assert/strict";
import { decodePage } from "../../../watch/protobuf/page.ts";
import { WireError } from "../../../watch/protobuf/wire_reader.ts";
import { bytesField, concat, encodeBody, encodeObject, envelope } from "../../support/protobuf.ts";

const node = (name: string) => ({ metadata: { name, resourceVersion: "3" } });

Deno.test("decodePage() reads the items of a list, its version, and the token of the next page", () => {
  const metadata = { resourceVersion: "5", continue: "more" };
  const body = encodeBody("NodeList", { metadata, items: [node("a"), node("b")] });
  const page = decodePage(body, "Node");
  assert.deepEqual(page.items.map(({ object }) => object?.name), ["a", "b"]);
  assert.deepEqual([page.version, page.next], ["5", "more"]);
  const last = decodePage(encodeBody("NodeList", { metadata: {}, items: [] }), "Node");
  assert.deepEqual(last, { items: [], version: undefined, next: "" });
});

Deno.test("decodePage() goes on behind an item that cannot be used", () => {
  const broken = concat([
    encodeObject("Node", node("bad")),
    ...bytesField(2, Uint8Array.of(0x2a, 9)),
  ]);
  const items = [encodeObject("Node", node("a")), broken, encodeObject("Node", node("b"))];
  const body = envelope("NodeList", concat(items.flatMap((item) => bytesField(2, item))));
  const page = decodePage(body, "Node");
  assert.deepEqual(page.items.map(({ object }) => object?.name), ["a", undefined, "b"]);
  const problem = page.items[1]?.object === undefined ? page.items[1]?.problem : "";
  assert.match(problem ?? "", /Cannot use Node "bad": 'spec\.taints' is longer/);
});

Deno.test("decodePage() refuses what is not such a list", () => {
  const list = encodeBody("NodeList", { metadata: {}, items: [node("a")] });
  const others = [
    new Uint8Array(0),
    new TextEncoder().encode('{"kind":"NodeList","items":[]}'),
    encodeBody("ServiceList", { metadata: {}, items: [] }),
    list.subarray(0, -20),
  ];
  for (const other of others) {
    assert.throws(
      () => decodePage(other, "Node"),
      (error) => error instanceof WireError && error.message.startsWith("Cannot read the list: "),
    );
  }
});
