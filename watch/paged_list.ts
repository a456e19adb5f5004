import type { Clock } from "../model/clock.ts";
import { ApiError } from "./api_error.ts";
import type { Client } from "./client.ts";
import { Deadline } from "./deadline.ts";
import type { Listing } from "./intake.ts";
import { readText } from "./lines.ts";
import { requestPath, type Resource } from "./resource.ts";
import { type RawObject, versionOf } from "./watch_event.ts";

/** What a paginated list is read with. */
export interface PagedListOptions {
  readonly client: Client;
  readonly resource: Resource;
  readonly clock: Clock;
  /** Milliseconds without a byte after which a page is given up. */
  readonly silenceMs: number;
  /** Called for every piece of an answer. */
  readonly onHeard: () => void;
  readonly signal: AbortSignal;
}

interface Page extends RawObject {
  readonly metadata?: RawObject["metadata"] & { readonly continue?: unknown };
  readonly items?: unknown;
}

const PAGE_SIZE = 500;
const PAGE_BYTES = 256 * 1024 * 1024;

/**
 * Reads a complete list page by page into `listing` and returns its resource version, to watch from.
 *
 * When the server forgets the list between two pages (410), reads it again in one piece, as client-go does.
 */
export async function readPagedList(options: PagedListOptions, listing: Listing): Promise<string> {
  let token = "";
  let limit: Record<string, string> = { limit: String(PAGE_SIZE) };
  while (true) {
    try {
      const page = await readPage(options, token === "" ? limit : { ...limit, continue: token });
      for (const item of itemsOf(page)) listing.add(item);
      token = typeof page.metadata?.continue === "string" ? page.metadata.continue : "";
      if (token === "") return versionOfList(page);
    } catch (error) {
      if (!(error instanceof ApiError && error.isExpired && token !== "")) throw error;
      token = "";
      limit = {};
      listing.clear();
    }
  }
}

async function readPage(options: PagedListOptions, query: Record<string, string>): Promise<Page> {
  const { client, resource, clock, silenceMs, onHeard, signal } = options;
  using deadline = new Deadline(clock, signal);
  const path = requestPath(resource, query);
  const response = await client.request(path, { signal: deadline.signal });
  deadline.allow(silenceMs);
  try {
    const text = await readText(response.body ?? new ReadableStream(), PAGE_BYTES, () => {
      deadline.heard();
      onHeard();
    });
    return JSON.parse(text);
  } catch (error) {
    if (deadline.silence === undefined) throw error;
    client.distrust(response);
    throw deadline.silence;
  }
}

function itemsOf(page: Page): readonly RawObject[] {
  const items = page.items ?? [];
  if (Array.isArray(items)) return items;
  throw new Error("Cannot read the list: its 'items' is not a list");
}

function versionOfList(page: Page): string {
  const version = versionOf(page);
  if (version !== undefined) return version;
  throw new Error("Cannot read the list: it has no 'metadata.resourceVersion'");
}
