import { systemClock } from "../model/clock.ts";
import type { Change, Cluster } from "./cluster.ts";
import type { RuleEvents } from "./rule_events.ts";
import type { Changes, Trial } from "./trial.ts";

/** Milliseconds between two changes, so that each finds the proxy at rest. */
const PAUSE_MS = 250;

/** Milliseconds after which a change will not come any more. */
const PATIENCE_MS = 300_000;

/** Measures how long single changes take from the request to the kernel's announcement. */
export async function measureChanges(
  { cluster, effort }: Trial,
  events: RuleEvents,
): Promise<Changes> {
  const timed = async (change: Change) => {
    const took = await timeChange(change, events);
    await systemClock.sleep(PAUSE_MS);
    return took;
  };
  const changes = {
    "one endpoint changed": [] as number[],
    "Service added": [] as number[],
    "Service removed": [] as number[],
    "scaled from 10 to 9": [] as number[],
    "scaled from 10 to 500": [] as number[],
  };
  await repeat(effort.changes, effort.budgetMs, async () => {
    changes["one endpoint changed"].push(await timed(cluster.moveEndpoint(randomService(cluster))));
  });
  await repeat(effort.events, effort.budgetMs, async () => {
    await cluster.prepareAddition();
    await systemClock.sleep(PAUSE_MS);
    changes["Service added"].push(await timed(cluster.addService()));
    changes["Service removed"].push(await timed(cluster.removeService()));
    await cluster.finishRemoval();
    changes["scaled from 10 to 9"].push(await timed(cluster.scaleDown()));
    await timed(cluster.scaleBack());
    changes["scaled from 10 to 500"].push(await timed(cluster.scaleUp()));
    await timed(cluster.scaleBack());
  });
  return changes;
}

/** Returns the milliseconds from the request for a change to the kernel's announcement of it. */
export async function timeChange(change: Change, events: RuleEvents): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const timer = setTimeout(
    () => reject(new Error(`No rule with "${change.addresses.join()}" was announced`)),
    PATIENCE_MS,
  );
  for (const address of change.addresses) events.expect(address, resolve);
  try {
    const sent = performance.now();
    const [at] = await Promise.all([promise, change.send()]);
    return at - sent;
  } finally {
    clearTimeout(timer);
    events.forgetAll();
  }
}

/** Does something `times` times, or as often as it fits into the budget, but once at least. */
async function repeat(times: number, budgetMs: number, run: () => Promise<void>): Promise<void> {
  const began = performance.now();
  for (let done = 0; done < times; done++) {
    await run();
    if (performance.now() - began > budgetMs) return;
  }
}

/** Returns the number of a Service by chance. */
export function randomService({ shape }: Cluster): number {
  return Math.floor(Math.random() * shape.services);
}
