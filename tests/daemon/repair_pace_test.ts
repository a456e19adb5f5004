import assert from "node:assert/strict";
import { RepairPace } from "../../daemon/repair_pace.ts";

Deno.test("The first three repairs do not wait, the next ones longer and longer, up to a minute", () => {
  const pace = new RepairPace();
  const waits = Array.from({ length: 12 }, (_, second) => {
    pace.changed(second * 1_000);
    return pace.next() / 1_000;
  });
  assert.deepEqual(waits, [0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60]);
});

Deno.test("After a minute without a change it begins anew, and not before", () => {
  for (const { peace, want } of [{ peace: 59_999, want: 4_000 }, { peace: 60_000, want: 0 }]) {
    const pace = new RepairPace();
    for (let repair = 0; repair < 5; repair++) {
      pace.changed(0);
      pace.next();
    }
    pace.changed(peace);
    assert.equal(pace.next(), want);
  }
});

Deno.test("A change that waits for a repair anyway is no peace", () => {
  const pace = new RepairPace();
  for (let now = 0; now < 600_000; now += 30_000) pace.changed(now);
  for (let repair = 0; repair < 5; repair++) pace.next();
  pace.changed(600_000);
  assert.equal(pace.next(), 4_000);
});
