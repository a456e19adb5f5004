import { deepEqual, equal } from "node:assert/strict";
import { jsonText, plainText, routed } from "../../daemon/http_routes.ts";

const CLIENT = { transport: "tcp", hostname: "127.0.0.1", port: 1 } as const;

const handler = routed({ "/a": () => plainText("A"), "/a/b": () => plainText("B") });

const cases: { given: string; status: number; want: string }[] = [
  { given: "/a", status: 200, want: "A" },
  { given: "/a?x=1", status: 200, want: "A" },
  { given: "/a/b", status: 200, want: "B" },
  { given: "/a/", status: 404, want: "404 page not found\n" },
  { given: "/", status: 404, want: "404 page not found\n" },
  { given: "/constructor", status: 404, want: "404 page not found\n" },
  { given: "/__proto__", status: 404, want: "404 page not found\n" },
];

for (const { given, status, want } of cases) {
  Deno.test(`routed() answers ${given} with ${status}`, async () => {
    for (const method of ["GET", "POST", "DELETE"]) {
      const response = await handler(new Request(`http://localhost${given}`, { method }), CLIENT);
      deepEqual([response.status, await response.text()], [status, want]);
    }
  });
}

Deno.test("plainText() and jsonText() say their types and forbid guessing", () => {
  for (
    const [response, type] of [
      [plainText("x", 503), "text/plain; charset=utf-8"],
      [jsonText("{}", 503), "application/json"],
    ] as const
  ) {
    equal(response.status, 503);
    equal(response.headers.get("content-type"), type);
    equal(response.headers.get("x-content-type-options"), "nosniff");
  }
});
