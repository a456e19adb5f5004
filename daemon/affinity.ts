import type { Logger } from "@logtape/logtape";
import type { Backend } from "../backends/backend.ts";
import { AFFINITY_CLIENTS } from "../backends/nftables/affinity.ts";
import type { Clock } from "../model/clock.ts";
import type { ServicePort } from "../model/service_port.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { affinityFullNotice } from "./event_notices.ts";
import type { EventRecorder } from "./events.ts";
import { type Metrics, ofFamily } from "./metrics.ts";

/** Milliseconds between two looks. The kernel keeps a note for twice as long. */
const PERIOD_MS = 60_000;

/** What a watch works with. */
export interface AffinityWatchOptions {
  readonly backend: Pick<Backend, "family" | "unlearned">;
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, "affinityFull">;
  readonly recorder: Pick<EventRecorder, "record">;
  readonly nodeName: string;
  readonly snapshot: () => Snapshot;
  readonly log: Logger;
}

/**
 * Tells people, until `signal` aborts, of Service ports with session affinity that have more clients than one node can
 * remember: in the log once, until there is room again, with an Event on the Service, and in a metric.
 *
 * It costs one short list a minute, and nothing where no Service has session affinity.
 */
export async function watchAffinity(
  options: AffinityWatchOptions,
  signal: AbortSignal,
): Promise<void> {
  const { backend, clock, metrics, log } = options;
  const { family } = backend;
  let known = new Map<string, ServicePort>();
  while (!signal.aborted) {
    await clock.sleep(PERIOD_MS, signal);
    if (signal.aborted) return;
    try {
      const full = new Map((await backend.unlearned(signal)).map((port) => [nameOf(port), port]));
      metrics.affinityFull.set(ofFamily(family), full.size);
      tell(options, known, full);
      known = full;
    } catch (error) {
      if (!signal.aborted) log.debug("Cannot look for full affinity maps", { family, error });
    }
  }
}

function tell(
  { backend, recorder, nodeName, snapshot, log }: AffinityWatchOptions,
  before: ReadonlyMap<string, ServicePort>,
  now: ReadonlyMap<string, ServicePort>,
): void {
  const { family } = backend;
  const clients = AFFINITY_CLIENTS;
  for (const [name, port] of now) {
    recorder.record(affinityFullNotice(port, { clients, nodeName, snapshot: snapshot() }));
    if (before.has(name)) continue;
    log.warn(
      "A Service port has more clients than its session affinity can remember: further ones get an endpoint at random " +
        "with each connection",
      { family, port: name, clients },
    );
  }
  for (const name of before.keys()) {
    if (!now.has(name)) {
      log.info("All clients of a Service port are remembered again", { family, port: name });
    }
  }
}

function nameOf({ name, protocol }: ServicePort): string {
  return `${name}/${protocol}`;
}
