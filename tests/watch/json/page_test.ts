import assert from "node:assert/strict";
import { parsePage } from "../../../watch/json/page.ts";

const node = (name: string) => ({ metadata: { name, resourceVersion: "3" } });

function parse(list: unknown) {
  return parsePage(JSON.stringify(list), "Node");
}

Deno.test("parsePage() reads the items of a list, its version, and the token of the next page", () => {
  const metadata = { resourceVersion: "5", continue: "more" };
  const page = parse({ metadata, items: [node("a"), { metadata: { name: 7 } }, node("b")] });
  assert.deepEqual(page.items.map(({ object }) => object?.name), ["a", undefined, "b"]);
  assert.deepEqual([page.version, page.next], ["5", "more"]);
  assert.deepEqual(parse({ items: null }), { items: [], version: undefined, next: "" });
});

Deno.test("parsePage() refuses what is not a list", () => {
  assert.throws(() => parse({ items: {} }), /'items' is not a list/);
  assert.throws(() => parsePage("<html>", "Node"), SyntaxError);
});
