import assert from "node:assert/strict";
import type { LookupResult } from "../../../backends/nftables/kernel_lookup.ts";
import type { AnswerSources } from "../../../daemon/explain/answer.ts";
import { formatAnswer } from "../../../daemon/explain/text.ts";
import type { FamilyHealth } from "../../../daemon/health.ts";
import { endpoint, service, slice } from "../../support/objects.ts";
import { ask, sourcesOf } from "./_ask.ts";

const FINE: FamilyHealth = {
  healthy: true,
  syncedAt: Date.UTC(2026, 0, 2, 3, 4, 5),
  pendingMs: 0,
  failures: 0,
  error: undefined,
};

/** A Service with everything that can be said of one. */
const OBJECTS = [
  service("web", {
    type: "LoadBalancer",
    ports: [{ name: "http", nodePort: 30080 }],
    ingress: [{ ip: "198.51.100.1", ipMode: "VIP" }],
    loadBalancerSourceRanges: ["203.0.113.0/24", "nonsense"],
    externalTrafficPolicy: "Local",
    healthCheckNodePort: 31999,
    sessionAffinity: "ClientIP",
  }),
  slice("web", [
    endpoint("10.244.1.5", { nodeName: "node-a", zoneHints: ["zone-a"] }),
    endpoint("10.244.2.6", { nodeName: "node-b" }),
    endpoint("10.244.2.7", { nodeName: "node-b", ready: false }),
    endpoint("10.244.2.300", { nodeName: "" }),
  ], { ports: [{ name: "http", protocol: "TCP", port: 8080 }] }),
  slice("web", ["10.244.3.8"], { name: "web-old" }),
  service("web-new", {
    clusterIP: "10.96.0.11",
    externalIPs: ["198.51.100.1"],
    creationTimestamp: "2026-02-01T00:00:00Z",
  }),
];

function live(
  health: Partial<FamilyHealth>,
  found: Partial<LookupResult>,
  notReady: readonly string[] = [],
): AnswerSources {
  return {
    ...sourcesOf(OBJECTS, { zone: "zone-a" }, ["IPv4"]),
    live: {
      health: () => ({ ...FINE, ...health }),
      notReady: () => notReady,
      lookUp: (_, elements) =>
        Promise.resolve({
          missing: elements.slice(0, found.missing?.length ?? 0),
          different: [],
          isTableGone: found.isTableGone ?? false,
        }),
    },
  };
}

const BROKEN = live(
  { pendingMs: 61_000, failures: 7, error: 'Cannot apply a transaction: nft says "no"' },
  { missing: [{ map: "", key: "", rest: "" }] },
  ["IPv4: the last 7 syncs failed"],
);

const CASES = [
  { file: "explain_service", target: "default/web", from: undefined, sources: live({}, {}) },
  { file: "explain_pod", target: "192.0.2.10:30080", from: "pod", sources: BROKEN },
  { file: "explain_absent", target: "10.96.0.10:443", from: undefined, sources: live({}, {}) },
  {
    file: "explain_offline",
    target: "default/web-new",
    from: "outside",
    sources: sourcesOf(OBJECTS, {}, ["IPv4"]),
  },
];

for (const { file, target, from, sources } of CASES) {
  const golden = new URL(`../../golden/${file}.txt`, import.meta.url);
  Deno.test(`The text about ${target} is the one in golden/${file}.txt, to be renewed with --update`, async () => {
    const text = formatAnswer(await ask(target, from, sources));
    if (Deno.args.includes("--update")) await Deno.writeTextFile(golden, text);
    assert.equal(text, await Deno.readTextFile(golden));
  });
}

Deno.test("The text says when the table is gone, and when the kernel cannot be asked", async () => {
  const gone = live({}, { isTableGone: true });
  assert.match(formatAnswer(await ask("10.96.0.10:80", "pod", gone)), /has NOT got weir's table/);
  const failing: AnswerSources = {
    ...gone,
    live: { ...gone.live!, lookUp: () => Promise.reject(new Error("No nft")) },
  };
  const text = formatAnswer(await ask("10.96.0.10:80", "pod", failing));
  assert.match(text, /the kernel could not be asked: No nft/);
});

Deno.test("Before the first sync that succeeds, the text says so", async () => {
  const text = formatAnswer(await ask("10.96.0.10:80", "pod", live({ syncedAt: undefined }, {})));
  assert.match(text, /IPv4: no sync has succeeded yet/);
});
