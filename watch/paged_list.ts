import type { Clock } from "../model/clock.ts";
import { ApiError } from "./api_error.ts";
import type { Client } from "./client.ts";
import { isProtobuf } from "./content_type.ts";
import { Deadline } from "./deadline.ts";
import { parsePage } from "./json/page.ts";
import type { ListPage } from "./list_page.ts";
import type { Listing } from "./listing.ts";
import { readBytes } from "./pieces.ts";
import { decodePage } from "./protobuf/page.ts";
import { requestPath, type Resource } from "./resource.ts";

/** What a paginated list is read with. */
export interface PagedListOptions {
  readonly client: Client;
  readonly resource: Resource;
  readonly clock: Clock;
  /** The media types to ask for. */
  readonly accept: string;
  /** Milliseconds without a byte after which a page is given up. */
  readonly silenceMs: number;
  /** Called for every piece of an answer. */
  readonly onHeard: () => void;
  readonly signal: AbortSignal;
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
      for (const item of page.items) listing.add(item);
      token = page.next;
      if (token === "") return versionOfList(page);
    } catch (error) {
      if (!(error instanceof ApiError && error.isExpired && token !== "")) throw error;
      token = "";
      limit = {};
      listing.clear();
    }
  }
}

async function readPage(
  options: PagedListOptions,
  query: Record<string, string>,
): Promise<ListPage> {
  const { client, resource, clock, accept, silenceMs, onHeard, signal } = options;
  using deadline = new Deadline(clock, signal);
  const path = requestPath(resource, query);
  const response = await client.request(path, { signal: deadline.signal, accept });
  deadline.allow(silenceMs);
  try {
    const bytes = await readBytes(response, PAGE_BYTES, () => {
      deadline.heard();
      onHeard();
    });
    if (isProtobuf(response)) return decodePage(bytes, resource.kind);
    return parsePage(new TextDecoder().decode(bytes), resource.kind);
  } catch (error) {
    if (deadline.silence === undefined) throw error;
    client.distrust(response);
    throw deadline.silence;
  }
}

function versionOfList(page: ListPage): string {
  if (page.version !== undefined) return page.version;
  throw new Error("Cannot read the list: it has no 'metadata.resourceVersion'");
}
