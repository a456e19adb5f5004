import { deepEqual, equal } from "node:assert/strict";
import { FakeClock } from "./fake_clock.ts";

Deno.test("FakeClock stands still until it is advanced", () => {
  const clock = new FakeClock(1000);
  deepEqual([clock.now(), clock.monotonic()], [1000, 0]);
});

Deno.test("FakeClock.advance() wakes sleeps in the order of their due times, each at its instant", async () => {
  const clock = new FakeClock(0);
  const woken: [string, number][] = [];
  const nap = (name: string, ms: number) =>
    clock.sleep(ms).then(() => woken.push([name, clock.now()]));
  nap("late", 30);
  nap("early", 10);
  nap("tie", 10);
  nap("beyond", 100);
  await clock.advance(50);
  deepEqual(woken, [["early", 10], ["tie", 10], ["late", 30]]);
  deepEqual([clock.now(), clock.sleepers, clock.untilNextWake], [50, 1, 50]);
});

Deno.test("FakeClock.advance() also wakes sleeps that begin on the way", async () => {
  const clock = new FakeClock(0);
  let ticks = 0;
  const tick = async () => {
    for (; ticks < 5; ticks++) await clock.sleep(10);
  };
  tick();
  await clock.advance(35);
  equal(ticks, 3);
});

Deno.test("FakeClock.sleep() ends at once when its signal aborts, and leaves nothing behind", async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const nap = clock.sleep(1000, stop.signal);
  equal(clock.sleepers, 1);
  stop.abort();
  await nap;
  await clock.sleep(1000, stop.signal);
  equal(clock.sleepers, 0);
});

Deno.test("FakeClock.jump() moves the wall clock but neither sleeps nor the monotonic time", async () => {
  const clock = new FakeClock(5000);
  let woken = false;
  clock.sleep(10).then(() => woken = true);
  clock.jump(-3000);
  await clock.advance(0);
  deepEqual([clock.now(), clock.monotonic(), woken], [2000, 0, false]);
});
