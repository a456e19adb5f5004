import type { Clock } from "../../model/clock.ts";
import { FAMILIES, type Family } from "../../model/family.ts";
import type { StreamProcess } from "../stream_process.ts";
import { nftFamily, TABLE } from "./names.ts";
import { NftError, nftFailure } from "./nft_error.ts";
import { MONITOR, type RulesetNews, RulesetReader } from "./ruleset_events.ts";

/** Milliseconds until it has to listen. Before that nft reads the rules of all tables, without their elements. */
const START_MS = 60_000;

/** Milliseconds after which the process ends, whatever it may have piled up. */
const LIFETIME_MS = 86_400_000;

/** What a listener works with. */
export interface ListenerOptions {
  readonly stream: StreamProcess;
  readonly clock: Clock;
  readonly take: (news: RulesetNews) => void;
}

/**
 * Runs one process that listens, until `signal` aborts. Returns why it ended before, if that was not due.
 *
 * When weir is killed so that it cannot end the process, that ends with the next thing that it has to tell.
 */
export async function listen(
  { stream, clock, take }: ListenerOptions,
  signal: AbortSignal,
): Promise<NftError | undefined> {
  const begun = new AbortController();
  const hangs = new AbortController();
  void clock.sleep(START_MS, begun.signal).then(() => begun.signal.aborted || hangs.abort());
  const reader = new RulesetReader((news) => {
    begun.abort();
    if (!signal.aborted) take(news);
  });
  try {
    const result = await stream("nft", MONITOR, {
      onLine: (line) => reader.line(line),
      timeoutMs: LIFETIME_MS,
      signal: AbortSignal.any([signal, hangs.signal]),
    });
    if (signal.aborted || result.timedOut) return undefined;
    if (!hangs.signal.aborted) return failed({ ...result, stdout: "" });
    return failed({ ...result, stdout: "", stderr: "", timedOut: true }, START_MS);
  } catch (cause) {
    return new NftError('Cannot listen for changes: the program "nft" cannot be run', { cause });
  } finally {
    begun.abort();
  }
}

/** Returns the families that have a table of weir's; undefined when nobody can tell. */
export async function presentTables(
  stream: StreamProcess,
  signal: AbortSignal | undefined,
): Promise<ReadonlySet<Family> | undefined> {
  const lines = new Set<string>();
  try {
    const result = await stream("nft", ["list", "tables"], {
      onLine: (line) => lines.add(line),
      timeoutMs: START_MS,
      ...(signal === undefined ? {} : { signal }),
    });
    if (signal?.aborted || result.code !== 0) return undefined;
  } catch {
    return undefined; // the listener's own end says that there is no nft
  }
  return new Set(FAMILIES.filter((family) => lines.has(`table ${nftFamily(family)} ${TABLE}`)));
}

function failed(result: Parameters<typeof nftFailure>[1], limit = LIFETIME_MS): NftError {
  return nftFailure("listen for changes", result, limit);
}
