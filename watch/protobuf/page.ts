import type { Kind } from "../../model/objects.ts";
import type { ListPage } from "../list_page.ts";
import type { Item } from "../watch_event.ts";
import { readBody } from "./envelope.ts";
import { readItem } from "./item.ts";
import { messageFields, WireError, type WireReader } from "./wire_reader.ts";

/** A list that is being read. */
interface Reading {
  readonly kind: Kind;
  readonly items: Item[];
  version: string;
  next: string;
}

/** `meta/v1` ListMeta. */
const LIST_META = messageFields<Reading>({
  2: (from, list) => list.version = from.text("resourceVersion"),
  3: (from, list) => list.next = from.text("continue"),
});

/** Lists of all kinds are alike. */
const LIST = messageFields<Reading>({
  1: (from, list) => from.message("metadata", list, LIST_META),
  2: (from, { items, kind }) => items.push(from.inside((item) => readItem(item, kind))),
});

/** Reads a list of `kind`. Throws `WireError` when it is none. */
export function decodePage(bytes: Uint8Array, kind: Kind): ListPage {
  try {
    return readBody(bytes, (from, actual) => readList(from, actual, kind));
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new WireError(`Cannot read the list: ${error.message}`, { cause: error });
  }
}

function readList(from: WireReader, actual: string, kind: Kind): ListPage {
  if (actual !== `${kind}List`) throw new WireError(`its kind "${actual}" is not "${kind}List"`);
  const list: Reading = { kind, items: [], version: "", next: "" };
  const { items, version, next } = from.fill(list, LIST);
  return { items, version: version || undefined, next };
}
