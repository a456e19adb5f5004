import type { Kind } from "../../model/objects.ts";
import type { ListPage } from "../list_page.ts";
import { itemOf, type RawObject, versionOf } from "./raw_object.ts";

/** A list of the API. It is untrusted. */
interface RawList extends RawObject {
  readonly metadata?: RawObject["metadata"] & { readonly continue?: unknown };
  readonly items?: unknown;
}

/** Reads a list of `kind`. Throws when it is none. */
export function parsePage(text: string, kind: Kind): ListPage {
  const list: RawList = JSON.parse(text);
  const items = list.items ?? [];
  if (!Array.isArray(items)) throw new Error("Cannot read the list: its 'items' is not a list");
  const next = list.metadata?.continue;
  return {
    items: items.map((raw) => itemOf(raw, kind)),
    version: versionOf(list),
    next: typeof next === "string" ? next : "",
  };
}
