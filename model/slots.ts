import type { Endpoint } from "./endpoint.ts";

/**
 * Puts endpoints into numbered slots and moves as few of them as it can.
 *
 * The slot number is part of a key in the kernel, so that every move costs an element. An endpoint keeps its slot;
 * a new one takes the first free slot; when fewer are left, the holes are filled from the end. One endpoint that comes,
 * goes or is replaced moves at most one other, for 10 endpoints or 5,000.
 */
export function assignSlots(
  previous: readonly Endpoint[],
  endpoints: readonly Endpoint[],
): readonly Endpoint[] {
  const waiting = new Map(endpoints.map((endpoint) => [endpoint.id, endpoint]));
  const slots: (Endpoint | undefined)[] = [];
  for (const old of previous) {
    slots.push(waiting.get(old.id));
    waiting.delete(old.id);
  }
  for (let slot = 0; waiting.size > 0; slot++) {
    if (slots[slot] !== undefined) continue;
    const [next] = waiting.values();
    if (next === undefined) break;
    slots[slot] = next;
    waiting.delete(next.id);
  }
  return fillHoles(slots);
}

function fillHoles(slots: (Endpoint | undefined)[]): readonly Endpoint[] {
  for (let slot = 0; slot < slots.length; slot++) {
    while (slots.length > slot && slots.at(-1) === undefined) slots.pop();
    if (slot < slots.length && slots[slot] === undefined) slots[slot] = slots.pop();
  }
  return slots as Endpoint[];
}
