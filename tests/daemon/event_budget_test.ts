import assert from "node:assert/strict";
import { EventBudget } from "../../daemon/event_budget.ts";
import { FakeClock } from "../support/fake_clock.ts";

const MINUTE = 60_000;

/** Takes as much as there is. */
function takeAll(budget: EventBudget, object: string): number {
  let taken = 0;
  while (budget.take(object)) taken++;
  return taken;
}

Deno.test("An object has 25 Events at once, and every other object too", () => {
  const budget = new EventBudget(new FakeClock());
  assert.equal(takeAll(budget, "a"), 25);
  assert.equal(takeAll(budget, "b"), 25);
});

Deno.test("An object may have one more Event after five minutes", async () => {
  const clock = new FakeClock();
  const budget = new EventBudget(clock);
  takeAll(budget, "a");
  await clock.advance(5 * MINUTE - 1);
  assert.equal(budget.take("a"), false);
  await clock.advance(1);
  assert.equal(takeAll(budget, "a"), 1);
});

Deno.test("Asking in vain does not put the next Event off", async () => {
  const clock = new FakeClock();
  const budget = new EventBudget(clock);
  takeAll(budget, "a");
  for (let minute = 0; minute < 4; minute++) {
    await clock.advance(MINUTE);
    assert.equal(budget.take("a"), false);
  }
  await clock.advance(MINUTE + 1);
  assert.equal(budget.take("a"), true);
});

Deno.test("A budget never grows beyond 25", async () => {
  const clock = new FakeClock();
  const budget = new EventBudget(clock);
  budget.take("a");
  await clock.advance(24 * 60 * MINUTE);
  assert.equal(takeAll(budget, "a"), 25);
});

Deno.test("With more than 4,096 objects the one that was quiet for the longest time is forgotten", () => {
  const budget = new EventBudget(new FakeClock());
  takeAll(budget, "first");
  takeAll(budget, "second");
  for (let index = 0; index < 4094; index++) budget.take(`object-${index}`);
  budget.take("first");
  budget.take("one more");
  assert.equal(budget.take("first"), false);
  assert.equal(budget.take("second"), true);
});
