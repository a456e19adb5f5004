import { deepEqual, equal } from "node:assert/strict";
import { ConnectionLimit } from "../../daemon/http_limits.ts";

/** Connections that tell when they had to go. */
function holders(...names: string[]) {
  const gone: string[] = [];
  return { gone, all: names.map((name) => ({ close: () => gone.push(name) })) };
}

Deno.test("ConnectionLimit ends the connection that has waited longest when one too many comes", () => {
  const limit = new ConnectionLimit(2);
  const { gone, all: [a, b, c, d] } = holders("a", "b", "c", "d");
  for (const holder of [a!, b!]) equal(limit.admit(holder), true);
  limit.busy(a!);
  limit.waiting(a!);
  equal(limit.admit(c!), true);
  deepEqual(gone, ["b"]);
  limit.release(c!);
  equal(limit.admit(d!), true);
  deepEqual(gone, ["b"]);
});

Deno.test("ConnectionLimit takes nobody in while all are busy", () => {
  const limit = new ConnectionLimit(1);
  const { gone, all: [a, b] } = holders("a", "b");
  limit.admit(a!);
  limit.busy(a!);
  equal(limit.admit(b!), false);
  limit.waiting(b!); // it has no place, whatever it says
  equal(limit.admit(b!), false);
  limit.waiting(a!);
  equal(limit.admit(b!), true);
  deepEqual(gone, ["a"]);
});
