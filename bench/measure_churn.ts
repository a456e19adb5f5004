import { systemClock } from "../model/clock.ts";
import { cpuSeconds, residentBytes } from "./process_tree.ts";
import type { RuleEvents } from "./rule_events.ts";
import type { Churn, Trial } from "./trial.ts";

const CHANGES_PER_SECOND = 50;

/** With fewer Services than this, changes would overtake each other. */
const FEWEST_SERVICES = 1_000;

/** Milliseconds after the last change in which the proxy has to have done with all of them. */
const DRAIN_MS = 180_000;

/** A prime: its multiples visit every Service before any for the second time. */
const STRIDE = 7_919;

/** Changes 50 endpoints a second, each of another Service, and waits until all are in force. */
export async function measureChurn(
  { cluster, effort }: Trial,
  events: RuleEvents,
  pid: number,
): Promise<Churn | undefined> {
  const { services } = cluster.shape;
  if (services < FEWEST_SERVICES) return undefined;
  const total = effort.churnSeconds * CHANGES_PER_SECOND;
  const lags: number[] = [];
  const latest = new Map<number, string>();
  const requests: Promise<void>[] = [];
  const cpuBefore = cpuSeconds(pid);
  const began = performance.now();
  for (let index = 0; index < total; index++) {
    await systemClock.sleep(
      Math.max(0, began + index * 1000 / CHANGES_PER_SECOND - performance.now()),
    );
    const service = index * STRIDE % services;
    const change = cluster.moveEndpoint(service);
    const sent = performance.now();
    events.expect(change.address, (at) => lags.push(at - sent));
    latest.set(service, change.address);
    requests.push(change.send());
  }
  await Promise.all(requests);
  const ended = performance.now();
  await drained(latest.values(), events);
  return {
    changes: total,
    seconds: (ended - began) / 1000,
    cpuSeconds: cpuSeconds(pid) - cpuBefore,
    overtaken: total - lags.length,
    lags,
    resident: residentBytes(pid),
  };
}

/** Waits until none of `addresses` is expected any more. */
async function drained(addresses: Iterable<string>, events: RuleEvents): Promise<void> {
  const needed = [...addresses];
  const limit = performance.now() + DRAIN_MS;
  while (needed.some((address) => events.isExpected(address))) {
    if (performance.now() > limit) throw new Error("Changes were not in force in time after churn");
    await systemClock.sleep(20);
  }
  events.forgetAll();
}
