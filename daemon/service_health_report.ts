import type { Snapshot } from "../model/snapshot.ts";
import { healthCheckFailedNotice, healthCheckLostNotice } from "./event_notices.ts";
import type { EventRecorder } from "./events.ts";
import type { Metrics } from "./metrics.ts";
import type { ServiceHealthReport } from "./service_health.ts";

/** Returns what turns the troubles of health checks into Events on their Services, and into metrics. */
export function serviceHealthReport(
  { recorder, metrics, nodeName, snapshot }: {
    readonly recorder: EventRecorder;
    readonly metrics: Pick<Metrics, "healthCheckConflicts" | "healthCheckFailures">;
    readonly nodeName: string;
    readonly snapshot: () => Snapshot;
  },
): ServiceHealthReport {
  return {
    failed(check, error) {
      const here = { nodeName, snapshot: snapshot() };
      recorder.record(healthCheckFailedNotice(check, error, here));
    },
    lost(check, winner) {
      recorder.record(healthCheckLostNotice(check, winner, snapshot()));
    },
    counted({ contested, failing }) {
      metrics.healthCheckConflicts.set({}, contested);
      metrics.healthCheckFailures.set({}, failing);
    },
  };
}
