import type { Client } from "./client.ts";
import { readBytes } from "./pieces.ts";
import { isOlder } from "./watch_event.ts";

/** A moment in the history of an API server's data. */
export interface Moment {
  /** Names the history: another one after the data was wiped. */
  readonly lineage: string;
  /** The newest resource version. */
  readonly version: string;
}

const PATH = "/api/v1/namespaces/default/services?fieldSelector=metadata.name%3Dkubernetes";
const ANSWER_BYTES = 1024 * 1024;

/**
 * Looks up where the API server's history stands: the uid of the Service `default/kubernetes`, which the server makes
 * itself when its data is new, and the newest resource version.
 *
 * A server whose data was wiped or restored counts from a lower version. It accepts a watch from a version of its
 * former life and then says nothing until it gets there, or worse, has got there already: only this tells.
 * Returns undefined when the server does not say; rejects as the client does when it cannot be asked.
 */
export async function currentMoment(
  client: Client,
  signal: AbortSignal,
): Promise<Moment | undefined> {
  const response = await client.request(PATH, { signal });
  return parseMoment(new TextDecoder().decode(await readBytes(response, ANSWER_BYTES)));
}

/** Tells whether `now` is a later moment of the history in which `lineage` had reached `version`. */
export function continues(now: Moment | undefined, lineage: string | undefined, version: string) {
  return now !== undefined && now.lineage === lineage && !isOlder(now.version, version);
}

function parseMoment(text: string): Moment | undefined {
  try {
    const list = JSON.parse(text);
    const lineage = list.items[0].metadata.uid;
    const version = list.metadata.resourceVersion;
    return typeof lineage === "string" && typeof version === "string"
      ? { lineage, version }
      : undefined;
  } catch {
    return undefined;
  }
}
