import { deepEqual, equal } from "node:assert/strict";
import { Health } from "../../daemon/health.ts";
import { Readiness } from "../../daemon/health_readiness.ts";
import { StandingFindings } from "../../daemon/standing_findings.ts";
import { advance } from "../../model/advance.ts";
import { emptyState } from "../../model/desired_state.ts";
import { KINDS } from "../../model/objects.ts";
import { Store } from "../../watch/store.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { service, settings, snapshotOf } from "../support/objects.ts";

const STALE = 60_000;

/** A readiness over a state that the test drives. IPv4 is the only family. */
function fresh() {
  const clock = new FakeClock();
  const health = new Health({ clock, staleMs: STALE });
  const store = new Store(() => clock.monotonic());
  const findings = new StandingFindings();
  const readiness = new Readiness({
    health,
    store,
    findings,
    families: ["IPv4"],
    nodeName: "node-a",
    clock,
  });
  return {
    clock,
    health,
    store,
    findings,
    readiness,
    /** Lets everything be well. */
    start(): void {
      for (const kind of KINDS) store.replace(kind, []);
      health.begun("IPv4");
      health.queued("IPv4");
      health.started("IPv4");
      health.synced("IPv4");
    },
  };
}

Deno.test("Readiness says what is missing at the start", () => {
  const { readiness } = fresh();
  deepEqual(readiness.reasons(), [
    "The first list of kind Service is not there yet",
    "The first list of kind EndpointSlice is not there yet",
    "IPv4: no sync has succeeded yet",
  ]);
});

Deno.test("Readiness has no reasons when all is well, however long nothing was asked for", async () => {
  const { start, readiness, clock, store } = fresh();
  start();
  await clock.advance(10 * 3_600_000);
  for (const kind of KINDS) store.heard(kind);
  deepEqual(readiness.reasons(), []);
});

Deno.test("Readiness names a sync that failed at once, and a change that waits too long", async () => {
  const { start, readiness, clock, health } = fresh();
  start();
  health.queued("IPv4");
  health.started("IPv4");
  health.failed("IPv4", new Error("nft is away"));
  deepEqual(readiness.reasons(), ["IPv4: the last sync failed"]);
  health.failed("IPv4", new Error("nft is away"));
  await clock.advance(STALE);
  deepEqual(readiness.reasons(), [
    "IPv4: the last 2 syncs failed",
    "IPv4: a change has been waiting for 60 s",
  ]);
  health.started("IPv4");
  health.synced("IPv4");
  deepEqual(readiness.reasons(), []);
});

Deno.test("Readiness names a source that is silent, unless rules do not depend on it", async () => {
  const { start, readiness, clock, store } = fresh();
  start();
  await clock.advance(299_999);
  deepEqual(readiness.reasons(), []);
  store.heard("Service");
  await clock.advance(1);
  deepEqual(readiness.reasons(), ["Nothing was heard of kind EndpointSlice for 300 s"]);
});

Deno.test("Readiness does not mind when the wall clock is set", () => {
  const { start, readiness, clock } = fresh();
  start();
  clock.jump(10 * 3_600_000);
  deepEqual(readiness.reasons(), []);
});

Deno.test("Readiness.report() tells the age of everything, and names no object without being asked to", async () => {
  const { start, readiness, clock, health, findings } = fresh();
  start();
  const one = service("one", { externalIPs: ["203.0.113.9"] });
  const two = service("two", { externalIPs: ["203.0.113.9"], clusterIP: "10.96.0.11" });
  const snapshot = snapshotOf(one, two);
  const change = { snapshot, settings: settings(), services: "all" } as const;
  findings.observer("IPv4").derived(advance(emptyState("IPv4", settings()), change));
  await clock.advance(1_500);
  health.queued("IPv4");
  health.started("IPv4");
  await clock.advance(250);
  health.failed("IPv4", new Error('nft says "busy" about one'));
  const { status, body } = readiness.report({ detail: false });
  equal(status, 503);
  const source = { synced: true, silentSeconds: 1.75 };
  const expected = {
    ready: false,
    reasons: ["IPv4: the last sync failed"],
    currentTime: "2026-01-02T03:04:06.75Z",
    node: { name: "node-a", seen: false, eligible: false },
    sources: { Service: source, EndpointSlice: source, Node: source, ServiceCIDR: source },
    families: {
      IPv4: {
        lastSync: "2026-01-02T03:04:05Z",
        oldestPendingChangeSeconds: 0.25,
        failuresInARow: 1,
      },
    },
    findings: { IPv4: { problems: 0, conflicts: 1 } },
  };
  deepEqual(JSON.parse(body), expected);
  const detailed = JSON.parse(readiness.report({ detail: true }).body);
  equal(detailed.families.IPv4.error, 'nft says "busy" about one');
  equal(detailed.findings.list.length, 1);
});
