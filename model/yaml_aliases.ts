import { type Event, EVENT_ID, YAMLException } from "js-yaml";

/** How many nodes aliases may add to a document before it counts as an attack on the memory. */
const MOST_ADDED = 1_000_000;

/**
 * Refuses a document that would be far larger, or endless, with what its aliases stand for in their place (a "billion
 * laughs"). The data shares what aliases repeat, but who reads it walks through it again and again.
 *
 * Throws `YAMLException`.
 */
export function refuseExcess(source: string, events: readonly Event[]): void {
  const sizes = new Map<string, number>();
  const open: { readonly anchor: string; readonly before: number }[] = [];
  let [size, added] = [0, 0];
  for (const event of events) {
    if (event.type === EVENT_ID.POP) {
      const { anchor, before } = open.pop() ?? { anchor: "", before: 0 };
      sizes.set(anchor, size - before);
      continue;
    }
    const anchor = "anchorStart" in event ? source.slice(event.anchorStart, event.anchorEnd) : "";
    if (event.type === EVENT_ID.ALIAS) {
      const more = sizes.get(anchor) ?? 0;
      [size, added] = [size + more, added + more];
      if (added > MOST_ADDED) {
        YAMLException.throwAt(source, event.anchorStart, "aliases make the document too large");
      }
      continue;
    }
    const isScalar = event.type === EVENT_ID.SCALAR;
    sizes.set(anchor, isScalar ? 1 : Infinity); // until it ends, an alias of it would repeat itself
    if (!isScalar) open.push({ anchor, before: size });
    size++;
  }
}
