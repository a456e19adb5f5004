import { ImmutableMap } from "./immutable_map.ts";

/** How often each value is used; a value that nobody uses is absent. */
export type Tally = ImmutableMap<string, number>;

/** The tally in which nothing is used. */
export const EMPTY_TALLY: Tally = ImmutableMap();

/**
 * Counts the values of `come` once more and those of `gone` once less, in place: `draft` must be mutable.
 *
 * Costs O(changes). Every value that was looked at is added to `touched`.
 */
export function retally(
  draft: Tally,
  gone: Iterable<string>,
  come: Iterable<string>,
  touched: Set<string>,
): void {
  for (const value of come) count(draft, value, 1, touched);
  for (const value of gone) count(draft, value, -1, touched);
}

function count(draft: Tally, value: string, step: number, touched: Set<string>): void {
  const uses = draft.get(value, 0) + step;
  if (uses > 0) draft.set(value, uses);
  else draft.delete(value);
  touched.add(value);
}
