import type { Logger } from "@logtape/logtape";
import type { KubeProxyConfiguration } from "../config/configuration.ts";
import { isEnabled } from "../config/feature_gates.ts";
import { toV1alpha1 } from "../config/write.ts";
import type { Clock } from "../model/clock.ts";
import { bindFailureNotice } from "./event_notices.ts";
import type { EventRecorder } from "./events.ts";
import type { Health } from "./health.ts";
import type { Readiness } from "./health_readiness.ts";
import { serveHealth } from "./health_server.ts";
import type { Metrics } from "./metrics.ts";
import type { Handler } from "./http_routes.ts";
import { serveMetrics } from "./metrics_server.ts";

/** Milliseconds that the Event about a server without an address gets to be written before the process ends. */
const LAST_WORDS_MS = 2_000;

/** What the daemon's own servers are about. */
export interface ServersOptions {
  readonly config: KubeProxyConfiguration;
  readonly nodeName: string;
  readonly health: Health;
  readonly readiness: Readiness;
  readonly metrics: Metrics;
  readonly recorder: EventRecorder;
  /** Answers `/debug/explain` on the metrics server. */
  readonly explain?: Handler | undefined;
  /** Returns the command line's flags with their values, for `/flagz`. */
  readonly flags?: (() => Readonly<Record<string, string>>) | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Runs the health server and the metrics server until `signal` aborts. A blank address switches the first one off.
 *
 * An address that cannot be bound becomes an Event on the Node, and with `bindAddressHardFail` a rejection.
 */
export async function runServers(options: ServersOptions, signal: AbortSignal): Promise<void> {
  const { config, metrics, health, readiness, recorder, nodeName, clock } = options;
  const shared = (server: "health" | "metrics") => ({
    hardFail: config.bindAddressHardFail,
    onBindFailure: (error: Error) => recorder.record(bindFailureNotice(nodeName, server, error)),
    readiness,
    clock,
    log: options.log.getChild("http"),
  });
  const served = [
    serveMetrics({
      ...shared("metrics"),
      address: config.metricsBindAddress,
      metrics: () => metrics.text(),
      mode: "nftables",
      config: () => toV1alpha1(config),
      explain: options.explain,
      flags: isEnabled("ComponentFlagz", config.featureGates) ? options.flags : undefined,
      statusz: isEnabled("ComponentStatusz", config.featureGates),
    }, signal),
  ];
  if (config.healthzBindAddress !== "") {
    served.push(serveHealth({
      ...shared("health"),
      health,
      address: config.healthzBindAddress,
      onAnswer: (check, status) => metrics[check].inc({ code: String(status) }),
    }, signal));
  }
  try {
    await Promise.all(served);
  } catch (error) {
    const enough = new AbortController();
    const both = AbortSignal.any([signal, enough.signal]);
    void clock.sleep(LAST_WORDS_MS, both).then(() => enough.abort());
    await recorder.settled(both);
    enough.abort();
    throw error;
  }
}
