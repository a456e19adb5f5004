import { type Endpoint, endpointId } from "./endpoint.ts";

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
  if (previous.length === 0) return endpoints;
  const waiting = new Map(endpoints.map((endpoint) => [endpointId(endpoint), endpoint]));
  const slots: (Endpoint | undefined)[] = [];
  for (const old of previous) {
    const id = endpointId(old);
    slots.push(waiting.get(id));
    waiting.delete(id);
  }
  for (let slot = 0; waiting.size > 0; slot++) {
    if (slots[slot] !== undefined) continue;
    const [next] = waiting;
    if (next === undefined) break;
    const [id, endpoint] = next;
    slots[slot] = endpoint;
    waiting.delete(id);
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
