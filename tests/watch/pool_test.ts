import assert from "node:assert/strict";
import { delimited, ListPool, Pool } from "../../watch/pool.ts";

Deno.test("Pool gives equal keys the value that came first, and stays within its limit", () => {
  const pool = new Pool<object>(2);
  const [a, b, c] = [{}, {}, {}];
  assert.equal(pool.share("a", a), a);
  assert.equal(pool.share("a", b), a);
  assert.equal(pool.share("b", b), b);
  assert.equal(pool.share("c", c), c);
  assert.equal(pool.share("a", c), c, "it has forgotten the first when it was full");
});

Deno.test("ListPool tells lists apart by their elements", () => {
  const pool = new ListPool<string>(10, delimited);
  const list = pool.share(["a", "b"]);
  assert.equal(pool.share(["a", "b"]), list);
  for (const other of [["ab"], ["a,b"], ["a", "b", ""], ["b", "a"], ["1:a1:b"]]) {
    assert.notEqual(pool.share(other), list);
  }
  assert.equal(pool.share([]), pool.share([]));
  assert.throws(() => (list as string[]).push("c"), TypeError);
});
