import type { Logger } from "@logtape/logtape";
import type { Clock } from "../model/clock.ts";
import type { EventNotice } from "../watch/event_writer.ts";
import type { ConfigurationReport } from "./configuration_watch.ts";
import type { EventRecorder } from "./events.ts";
import type { Metrics } from "./metrics.ts";

/** Who is told, and about which node. */
export interface ConfigurationReportOptions {
  readonly nodeName: string;
  readonly recorder: Pick<EventRecorder, "record">;
  readonly metrics: Pick<Metrics, "configSuccessful" | "configSuccessTime">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Returns what tells of the configuration in the log, in an Event on the Node and in metrics: from now on, of a good one. */
export function configurationReport(options: ConfigurationReportOptions): ConfigurationReport {
  const { nodeName, recorder, metrics, clock, log } = options;
  const succeed = () => {
    metrics.configSuccessful.set({}, 1);
    metrics.configSuccessTime.set({}, clock.now() / 1000);
  };
  succeed();
  return {
    refused(error) {
      metrics.configSuccessful.set({}, 0);
      log.error("The changed configuration is refused, the one before stays in force", { error });
      recorder.record(refusedNotice(nodeName, error));
    },
    inForce() {
      succeed();
      log.info("The configuration on disk is the one in force");
    },
  };
}

/** Says on the Node that the proxy goes on with another configuration. */
export function reloadedNotice(nodeName: string): EventNotice {
  return { ...aboutNode(nodeName), type: "Normal", reason: "ConfigurationReloaded", note: "" };
}

function refusedNotice(nodeName: string, error: unknown): EventNotice {
  const why = error instanceof Error ? error.message : String(error);
  const note = `The one before stays in force. ${why}`;
  return { ...aboutNode(nodeName), type: "Warning", reason: "ConfigurationRefused", note };
}

/** The uid is the name, as in the Event of the start: `kubectl describe` finds it so. */
function aboutNode(name: string): Pick<EventNotice, "action" | "regarding" | "scope"> {
  return {
    action: "ReloadConfiguration",
    regarding: { apiVersion: "v1", kind: "Node", namespace: "", name, uid: name },
    scope: "node",
  };
}
