import { delimited, ListPool, Pool } from "./pool.ts";

const texts = new Pool<string>(20_000);
const lists = new ListPool<string>(5_000, delimited);

/** Returns the one text of this content that objects have in common. */
export function sharedText(text: string): string {
  return texts.share(text, text);
}

/** Returns the one list of these texts that objects have in common. */
export function sharedTexts(list: readonly string[]): readonly string[] {
  return lists.share(list);
}
