import { type Listing, parseListing, sizeOf } from "./listing.ts";
import { measureChanges } from "./measure_changes.ts";
import { measureChurn } from "./measure_churn.ts";
import { measureStarts } from "./measure_starts.ts";
import { untilQuiet } from "./quiet.ts";
import { RuleEvents } from "./rule_events.ts";
import type { Trial, Turn } from "./trial.ts";

/** Milliseconds for the listing of a table: the reference's takes minutes. */
const LISTING_LIMIT_MS = 900_000;

/** Makes all measurements of one proxy but those of its rules at work, with `say` called as they go on. */
export async function runTrial(trial: Trial, say: (text: string) => void): Promise<Turn> {
  const { effort } = trial;
  const begin = async (what: string) => {
    say(what);
    await untilQuiet(effort.quietMs);
  };
  await begin("start and restart");
  const [load = 0] = Deno.loadavg();
  const { starts, running } = await measureStarts(trial);
  await using process = running;
  await begin("single changes");
  await using events = new RuleEvents();
  const changes = await measureChanges(trial, events);
  await begin("churn");
  const churn = await measureChurn(trial, events, process.pid);
  say("size");
  const listing = await list(trial);
  checkComplete(trial, listing);
  return { load, starts, changes, churn, size: sizeOf(listing) };
}

async function list({ stage, proxy }: Trial): Promise<Listing> {
  const args = ["list", "table", "ip", proxy.table];
  return parseListing(await stage.node.output("nft", args, { timeoutMs: LISTING_LIMIT_MS }));
}

/** After everything that was done to it, the table has to have every endpoint. */
function checkComplete({ proxy, cluster }: Trial, listing: Listing): void {
  const found = proxy.endpoints(listing);
  if (found === cluster.endpointCount) return;
  throw new Error(`${proxy.name} has ${found} endpoints, not ${cluster.endpointCount}`);
}
