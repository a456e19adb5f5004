import assert from "node:assert/strict";
import { EventRecorder } from "../../daemon/events.ts";
import { createMetrics } from "../../daemon/metrics.ts";
import { serviceHealthReport } from "../../daemon/service_health_report.ts";
import type { HealthCheck } from "../../model/health_check.ts";
import type { EventNotice } from "../../watch/event_writer.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { recordingLog } from "../support/log.ts";
import { service, serviceSubject, snapshotOf } from "../support/objects.ts";

const WEB: HealthCheck = {
  service: "default/web",
  port: 31000,
  localEndpoints: 1,
  seniority: "2026-01-01T00:00:00Z default/web",
};

/** Returns a report on node `node-a`, and the Events and metrics that it makes. */
function reporting() {
  const notices: EventNotice[] = [];
  const writer = {
    write: (notice: EventNotice) => {
      notices.push(notice);
      return Promise.resolve();
    },
  };
  const clock = new FakeClock();
  const recorder = new EventRecorder({ writer, clock, log: recordingLog().log });
  const metrics = createMetrics();
  const snapshot = snapshotOf(service("web"), service("old"));
  const report = serviceHealthReport({
    recorder,
    metrics,
    nodeName: "node-a",
    snapshot: () => snapshot,
  });
  const events = async () => {
    const stop = new AbortController();
    const running = recorder.run(stop.signal);
    await clock.advance(1_000);
    stop.abort();
    await running;
    return notices;
  };
  return { report, events, metrics };
}

Deno.test("A health check port that cannot be bound is kube-proxy's Event on the Service", async () => {
  const { report, events } = reporting();
  const cause = new Deno.errors.AddrInUse("Address already in use (os error 98)");
  report.failed(WEB, new Error('Cannot listen on "192.0.2.10:31000" for health checks', { cause }));
  assert.deepEqual(await events(), [{
    type: "Warning",
    reason: "FailedToStartServiceHealthcheck",
    action: "Listen",
    note: 'Node "node-a" does not answer on port 31000: Cannot listen on "192.0.2.10:31000" ' +
      "for health checks: Address already in use (os error 98)",
    regarding: serviceSubject("web"),
    scope: "node",
  }]);
});

Deno.test("A health check port that an older Service has is an Event on the younger one", async () => {
  const { report, events } = reporting();
  report.lost(WEB, { ...WEB, service: "default/old" });
  const [event] = await events();
  assert.deepEqual([event?.reason, event?.regarding.name], ["PortConflict", "web"]);
  assert.match(event?.note ?? "", /^Health check port 31000 belongs to Service "default\/old"/);
});

Deno.test("How many ports have trouble is measured", async () => {
  const { report, metrics } = reporting();
  report.counted({ contested: 2, failing: 3 });
  const lines = (await metrics.text()).split("\n");
  assert.equal(lines.includes("weir_health_check_conflicts 2"), true);
  assert.equal(lines.includes("weir_health_check_failures 3"), true);
});
