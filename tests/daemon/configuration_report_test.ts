import assert from "node:assert/strict";
import { configurationReport, reloadedNotice } from "../../daemon/configuration_report.ts";
import { createMetrics } from "../../daemon/metrics.ts";
import type { EventNotice } from "../../watch/event_writer.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { recordingLog } from "../support/log.ts";

function setUp() {
  const { log, lines } = recordingLog();
  const metrics = createMetrics();
  const clock = new FakeClock(1_700_000_000_000);
  const notices: EventNotice[] = [];
  const recorder = { record: (notice: EventNotice) => void notices.push(notice) };
  const report = configurationReport({ nodeName: "node-a", recorder, metrics, clock, log });
  const values = async () => {
    const text = await metrics.text();
    return ["successful", "success_timestamp_seconds"].map((name) =>
      new RegExp(`^weir_config_last_reload_${name} (.*)$`, "m").exec(text)?.[1]
    );
  };
  return { report, lines, notices, values, clock };
}

Deno.test("A configuration that is refused is told in the log, on the Node and in the metrics", async () => {
  const { report, lines, notices, values, clock } = setUp();
  assert.deepEqual(await values(), ["1", "1700000000"]);
  await clock.advance(5_000);
  report.refused(new Error("Cannot use it:\n  mode: no\n  oomScoreAdj: no"));
  assert.deepEqual(await values(), ["0", "1700000000"]);
  assert.match(lines[0] ?? "", /^ERROR .*stays in force.*mode: no.*oomScoreAdj: no/);
  const [{ type, reason, note, regarding } = reloadedNotice("")] = notices;
  assert.deepEqual([type, reason, regarding.kind, regarding.name], [
    "Warning",
    "ConfigurationRefused",
    "Node",
    "node-a",
  ]);
  assert.match(note, /oomScoreAdj: no/);
});

Deno.test("A configuration that is good again is told too", async () => {
  const { report, lines, notices, values, clock } = setUp();
  report.refused(new Error("no"));
  await clock.advance(5_000);
  report.inForce();
  assert.deepEqual(await values(), ["1", "1700000005"]);
  assert.match(lines[1] ?? "", /^INFO /);
  assert.equal(notices.length, 1);
});

Deno.test("Going on with another configuration is an Event of its own", () => {
  const { type, reason, regarding } = reloadedNotice("node-a");
  assert.deepEqual([type, reason, regarding.uid], ["Normal", "ConfigurationReloaded", "node-a"]);
});
