import assert from "node:assert/strict";
import fc from "fast-check";
import { HealthCheckClaims } from "../../daemon/service_health_claims.ts";
import type { HealthCheck } from "../../model/health_check.ts";

/** The claim of Service `name`, created on that day of January. */
function claim(name: string, port: number, day = 1): HealthCheck {
  return { service: name, port, localEndpoints: 1, seniority: `2026-01-0${day} ${name}` };
}

function holders(claims: HealthCheckClaims, port: number): readonly string[] {
  return claims.on(port).map((check) => check.service);
}

Deno.test("The oldest Service has a port, whoever came first, and the next one gets it after it", () => {
  const claims = new HealthCheckClaims();
  claims.put("young", claim("young", 31000, 2));
  claims.put("old", claim("old", 31000, 1));
  assert.deepEqual(holders(claims, 31000), ["old", "young"]);
  claims.put("old", undefined);
  assert.deepEqual(holders(claims, 31000), ["young"]);
});

Deno.test("A Service that changes its port touches both", () => {
  const claims = new HealthCheckClaims();
  assert.deepEqual([...claims.put("web", claim("web", 31000))], [31000]);
  assert.deepEqual([...claims.put("web", claim("web", 31001))], [31000, 31001]);
  assert.deepEqual([...claims.ports()], [31001]);
});

Deno.test("A Service that is not known and claims nothing touches nothing", () => {
  assert.deepEqual([...new HealthCheckClaims().put("web", undefined)], []);
});

Deno.test("Whatever comes and goes, the claims are those of the Services that are left", () => {
  const step = fc.record({
    name: fc.constantFrom("a", "b", "c", "d"),
    port: fc.option(fc.constantFrom(31000, 31001, 31002), { nil: undefined }),
    day: fc.integer({ min: 1, max: 3 }),
  });
  fc.assert(fc.property(fc.array(step), (steps) => {
    const claims = new HealthCheckClaims();
    const left = new Map<string, HealthCheck>();
    for (const { name, port, day } of steps) {
      const check = port === undefined ? undefined : claim(name, port, day);
      claims.put(name, check);
      if (check === undefined) left.delete(name);
      else left.set(name, check);
    }
    assert.equal(claims.isEmpty, left.size === 0);
    assert.deepEqual(new Set(claims.ports()), new Set([...left.values()].map((one) => one.port)));
    for (const port of claims.ports()) {
      const want = [...left.values()].filter((one) => one.port === port)
        .sort((a, b) => a.seniority < b.seniority ? -1 : 1);
      assert.deepEqual(claims.on(port), want);
    }
  }));
});
