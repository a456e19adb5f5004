import { deepEqual, equal } from "node:assert/strict";
import { formatTime, Health, type HealthCheck, nodeEligible } from "../../daemon/health.ts";
import type { Family } from "../../model/family.ts";
import type { NodeObject } from "../../model/objects.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { node } from "../support/objects.ts";

const STALE = 60_000;

/** A health state with a fake clock at 2026-01-02T03:04:05Z and a good node. */
function fresh(): { health: Health; clock: FakeClock } {
  const clock = new FakeClock();
  const health = new Health({ clock, staleMs: STALE });
  health.observeNode(node());
  return { health, clock };
}

/** What happens to the health state in a test. Numbers are milliseconds that pass. */
type Step = number | readonly ["begun" | "queued" | "started" | "synced" | "failed", Family];

interface Case {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Status code of both paths. */
  readonly want: number;
  /** `healthy` by family as `status` has it. */
  readonly status: Partial<Record<Family, boolean>>;
}

/** BEHAVIOUR.md 8.1, rows 90 and 91 (upstream: pkg/proxy/healthcheck, TestHealthzServer, TestLivezServer). */
const cases: Case[] = [
  { name: "a fresh process is healthy", steps: [], want: 200, status: {} },
  {
    name: "requests before the loops begin do not count",
    steps: [["queued", "IPv4"], STALE],
    want: 200,
    status: {},
  },
  {
    name: "the begin of a loop forgives what was queued before",
    steps: [["queued", "IPv4"], STALE, ["begun", "IPv4"]],
    want: 200,
    status: { IPv4: true },
  },
  {
    name: "an idle proxy stays healthy for ever",
    steps: [["begun", "IPv4"], ["begun", "IPv6"], 100 * STALE],
    want: 200,
    status: { IPv4: true, IPv6: true },
  },
  {
    name: "a request that waits for less than the limit is fine",
    steps: [["begun", "IPv4"], ["queued", "IPv4"], STALE - 1],
    want: 200,
    status: { IPv4: true },
  },
  {
    name: "a request that waits for the limit makes its family unhealthy",
    steps: [["begun", "IPv4"], ["begun", "IPv6"], ["queued", "IPv4"], STALE],
    want: 503,
    status: { IPv4: false, IPv6: true },
  },
  {
    name: "later requests do not make the oldest one younger",
    steps: [["begun", "IPv4"], ["queued", "IPv4"], STALE - 1, ["queued", "IPv4"], 1],
    want: 503,
    status: { IPv4: false },
  },
  {
    name: "the other family's progress does not repair it",
    steps: [["begun", "IPv4"], ["begun", "IPv6"], ["queued", "IPv4"], STALE, ["started", "IPv6"], [
      "synced",
      "IPv6",
    ]],
    want: 503,
    status: { IPv4: false, IPv6: true },
  },
  {
    name: "with both late, one that recovers is not enough",
    steps: [
      ["begun", "IPv4"],
      ["begun", "IPv6"],
      ["queued", "IPv4"],
      ["queued", "IPv6"],
      STALE,
      ["started", "IPv4"],
      ["synced", "IPv4"],
    ],
    want: 503,
    status: { IPv4: true, IPv6: false },
  },
  {
    name: "with both late, both have to recover",
    steps: [
      ["begun", "IPv4"],
      ["begun", "IPv6"],
      ["queued", "IPv4"],
      ["queued", "IPv6"],
      STALE,
      ["started", "IPv4"],
      ["synced", "IPv4"],
      ["started", "IPv6"],
      ["synced", "IPv6"],
    ],
    want: 200,
    status: { IPv4: true, IPv6: true },
  },
  {
    name: "a request that came during a sync waits for the next one, which hangs",
    steps: [
      ["begun", "IPv4"],
      ["queued", "IPv4"],
      ["started", "IPv4"],
      1,
      ["queued", "IPv4"],
      [
        "synced",
        "IPv4",
      ],
      ["started", "IPv4"],
      STALE,
    ],
    want: 503,
    status: { IPv4: false },
  },
  {
    name: "syncs that take long but never leave a change waiting for the limit are fine",
    steps: [
      ["begun", "IPv4"],
      ...Array.from({ length: 10 }, (): Step[] => [
        ["queued", "IPv4"],
        ["started", "IPv4"],
        ["queued", "IPv4"],
        STALE / 2 - 1,
        ["synced", "IPv4"],
        ["started", "IPv4"],
        STALE / 2,
        ["synced", "IPv4"],
      ]).flat(),
    ],
    want: 200,
    status: { IPv4: true },
  },
  {
    name: "syncs that fail do not answer the request that they began with",
    steps: [
      ["begun", "IPv4"],
      ["queued", "IPv4"],
      ["started", "IPv4"],
      STALE - 1,
      [
        "failed",
        "IPv4",
      ],
      ["started", "IPv4"],
      1,
    ],
    want: 503,
    status: { IPv4: false },
  },
  {
    name: "a sync that nobody asked for counts while it fails",
    steps: [["begun", "IPv4"], ["started", "IPv4"], ["failed", "IPv4"], STALE],
    want: 503,
    status: { IPv4: false },
  },
  {
    name: "one sync that succeeds makes up for all that failed",
    steps: [
      ["begun", "IPv4"],
      ["started", "IPv4"],
      ["failed", "IPv4"],
      STALE,
      ["started", "IPv4"],
      ["synced", "IPv4"],
    ],
    want: 200,
    status: { IPv4: true },
  },
];

for (const { name, steps, want, status } of cases) {
  Deno.test(`Health: ${name}`, async () => {
    const { health, clock } = fresh();
    for (const step of steps) {
      if (typeof step === "number") await clock.advance(step);
      else health[step[0]](step[1], new Error("nft is away"));
    }
    equal(health.healthy(), want === 200);
    for (const check of ["healthz", "livez"] satisfies HealthCheck[]) {
      const report = health.report(check);
      equal(report.status, want);
      const { status: families = {} } = JSON.parse(report.body) as {
        status?: Record<string, { healthy: boolean }>;
      };
      const healthy = Object.entries(families).map(([family, of]) => [family, of.healthy]);
      deepEqual(Object.fromEntries(healthy), status);
    }
  });
}

Deno.test("Health: setting the wall clock changes nobody's health", () => {
  const { health, clock } = fresh();
  health.begun("IPv4");
  health.queued("IPv4");
  clock.jump(10 * STALE);
  equal(health.report("livez").status, 200);
});

Deno.test("Health.report() says the current time as lastUpdated when all is well", async () => {
  const { health, clock } = fresh();
  health.begun("IPv6");
  health.begun("IPv4");
  await clock.advance(1500);
  equal(
    health.report("healthz").body,
    '{"lastUpdated":"2026-01-02T03:04:06.5Z","currentTime":"2026-01-02T03:04:06.5Z","nodeEligible":true,' +
      '"healthy":true,"status":{"IPv4":{"lastUpdated":"2026-01-02T03:04:05Z","healthy":true},' +
      '"IPv6":{"lastUpdated":"2026-01-02T03:04:05Z","healthy":true}}}',
  );
});

Deno.test("Health.report() says the last real update of any family when it is unhealthy", async () => {
  const { health, clock } = fresh();
  health.begun("IPv4");
  health.queued("IPv4");
  await clock.advance(STALE);
  health.begun("IPv6");
  await clock.advance(250);
  equal(
    health.report("livez").body,
    '{"lastUpdated":"2026-01-02T03:05:05Z","currentTime":"2026-01-02T03:05:05.25Z","healthy":false,' +
      '"status":{"IPv4":{"lastUpdated":"2026-01-02T03:04:05Z","healthy":false},' +
      '"IPv6":{"lastUpdated":"2026-01-02T03:05:05Z","healthy":true}}}',
  );
});

Deno.test("Health.familyHealth() tells what waits, what failed, and when all was well", async () => {
  const { health, clock } = fresh();
  equal(health.familyHealth("IPv4"), undefined);
  health.begun("IPv4");
  health.queued("IPv4");
  health.started("IPv4");
  health.synced("IPv4");
  const syncedAt = clock.now();
  await clock.advance(500);
  health.queued("IPv4");
  health.started("IPv4");
  await clock.advance(250);
  for (let count = 0; count < 2; count++) health.failed("IPv4", new Error("nft is away"));
  deepEqual(health.familyHealth("IPv4"), {
    healthy: true,
    syncedAt,
    pendingMs: 250,
    failures: 2,
    error: "nft is away",
  });
});

Deno.test("Health.report() leaves status out and says the zero time before any loop has begun", () => {
  const health = new Health({ clock: new FakeClock(), staleMs: STALE });
  deepEqual(health.report("healthz"), {
    status: 503,
    body: '{"lastUpdated":"0001-01-01T00:00:00Z","currentTime":"2026-01-02T03:04:05Z",' +
      '"nodeEligible":false,"healthy":true}',
  });
});

/** BEHAVIOUR.md 8.1, row 92. */
const nodes: { name: string; given: NodeObject | undefined; want: boolean }[] = [
  { name: "an ordinary node", given: node(), want: true },
  { name: "no node seen yet", given: undefined, want: false },
  { name: "a node being deleted", given: node({ deleting: true }), want: false },
  {
    name: "a node the autoscaler is about to remove",
    given: node({ taints: ["example.com/other", "ToBeDeletedByClusterAutoscaler"] }),
    want: false,
  },
  {
    name: "a node with other taints",
    given: node({ taints: ["node.kubernetes.io/unschedulable", "node.kubernetes.io/not-ready"] }),
    want: true,
  },
];

for (const { name, given, want } of nodes) {
  Deno.test(`nodeEligible(): ${name} is ${want ? "" : "not "}eligible, which livez ignores`, () => {
    const health = new Health({ clock: new FakeClock(), staleMs: STALE });
    health.observeNode(given);
    equal(nodeEligible(given), want);
    const { status, body } = health.report("healthz");
    const { healthy, nodeEligible: eligible } = JSON.parse(body);
    deepEqual([status, healthy, eligible], [want ? 200 : 503, true, want]);
    deepEqual(health.report("livez").status, 200);
    equal("nodeEligible" in JSON.parse(health.report("livez").body), false);
  });
}

Deno.test("Health: a node that is gone is judged by the last object seen of it", () => {
  const { health } = fresh();
  health.observeNode(undefined);
  equal(health.report("healthz").status, 200);
});

const times: { given: number | undefined; want: string }[] = [
  { given: undefined, want: "0001-01-01T00:00:00Z" },
  { given: 0, want: "1970-01-01T00:00:00Z" },
  { given: 1_767_323_045_000, want: "2026-01-02T03:04:05Z" },
  { given: 1_767_323_045_120, want: "2026-01-02T03:04:05.12Z" },
  { given: 1_767_323_045_007, want: "2026-01-02T03:04:05.007Z" },
  { given: 1_767_323_045_123.25, want: "2026-01-02T03:04:05.12325Z" },
];

for (const { given, want } of times) {
  Deno.test(`formatTime() prints ${want} as Go does`, () => {
    equal(formatTime(given), want);
  });
}
