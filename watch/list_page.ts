import type { Item } from "./watch_event.ts";

/** A list, or one page of it, read from whatever encoding. */
export interface ListPage {
  readonly items: readonly Item[];
  readonly version: string | undefined;
  /** The token that the next page is asked for with; "" when this is the last one. */
  readonly next: string;
}
