import { deepEqual, equal } from "node:assert/strict";
import { retryDelay, type RunReason, SyncRunner } from "../../daemon/runner.ts";
import { FakeClock } from "../support/fake_clock.ts";

const HOUR = 3_600_000;

/** What happens to a runner in a test, in order. Numbers are milliseconds that pass. */
type Step = number | "request" | "hurry" | "fail next" | "succeed next";

interface Case {
  readonly name: string;
  readonly minMs: number;
  readonly retryMs: number;
  /** How long a run takes. */
  readonly runMs?: number;
  readonly steps: readonly Step[];
  /** When each run began, counted from the start, and why. */
  readonly want: readonly (readonly [number, RunReason])[];
}

/** The rows of BEHAVIOUR.md 7.1 and its checklist, row 83. */
const cases: Case[] = [
  {
    name: "without a request nothing runs until an hour has passed",
    minMs: 1000,
    retryMs: 5000,
    steps: [HOUR - 1],
    want: [],
  },
  {
    name: "without a request it runs hourly, measured from the end of a run",
    minMs: 1000,
    retryMs: 5000,
    runMs: 10,
    steps: [2 * HOUR + 10],
    want: [[HOUR, "tick"], [2 * HOUR + 10, "tick"]],
  },
  {
    name: "the first request runs at once",
    minMs: 1000,
    retryMs: 5000,
    steps: [700, "request", 0],
    want: [[700, "requested"]],
  },
  {
    name: "a request during the pause is served at its end, and further ones merge with it",
    minMs: 1000,
    retryMs: 5000,
    steps: ["request", 100, "request", 100, "request", 2000],
    want: [[0, "requested"], [1000, "requested"]],
  },
  {
    name: "who is in a hurry waits for no pause, and has one after it",
    minMs: 1000,
    retryMs: 5000,
    steps: ["request", 100, "hurry", 100, "request", 2000],
    want: [[0, "requested"], [100, "requested"], [1100, "requested"]],
  },
  {
    name: "who is in a hurry during a run comes right after it",
    minMs: 1000,
    retryMs: 5000,
    runMs: 300,
    steps: ["request", 100, "hurry", 5000],
    want: [[0, "requested"], [300, "requested"]],
  },
  {
    name: "the pause is measured from the end of the run",
    minMs: 1000,
    retryMs: 5000,
    runMs: 300,
    steps: ["request", 400, "request", 5000],
    want: [[0, "requested"], [1300, "requested"]],
  },
  {
    name: "a request during a run asks for another run",
    minMs: 1000,
    retryMs: 5000,
    runMs: 300,
    steps: ["request", 100, "request", 5000],
    want: [[0, "requested"], [1300, "requested"]],
  },
  {
    name: "requests that are a pause apart are not deferred",
    minMs: 1000,
    retryMs: 5000,
    steps: ["request", 1000, "request", 1500, "request", 0],
    want: [[0, "requested"], [1000, "requested"], [2500, "requested"]],
  },
  {
    name: "without a pause every request runs at once",
    minMs: 0,
    retryMs: 5000,
    steps: ["request", 0, "request", 0, 1, "request", 0],
    want: [[0, "requested"], [0, "requested"], [1, "requested"]],
  },
  {
    name: "a failure is retried after the retry time, until a run succeeds",
    minMs: 1000,
    retryMs: 5000,
    steps: ["fail next", "request", 5000, "succeed next", 5000, 30_000],
    want: [[0, "requested"], [5000, "retry"], [10_000, "retry"]],
  },
  {
    name: "a success in between cancels the retry",
    minMs: 1000,
    retryMs: 5000,
    steps: ["fail next", "request", 0, "succeed next", 2000, "request", 30_000],
    want: [[0, "requested"], [2000, "requested"]],
  },
  {
    name: "a failure in between replaces the retry",
    minMs: 1000,
    retryMs: 5000,
    steps: ["fail next", "request", 2000, "request", 0, "succeed next", 30_000],
    want: [[0, "requested"], [2000, "requested"], [7000, "retry"]],
  },
  {
    name: "a retry time shorter than the pause waits for the pause",
    minMs: 3000,
    retryMs: 1000,
    steps: ["fail next", "request", 100, "succeed next", 30_000],
    want: [[0, "requested"], [3000, "retry"]],
  },
  {
    name: "a retry time longer than an hour is an hour",
    minMs: 0,
    retryMs: 2 * HOUR,
    steps: ["fail next", "request", 100, "succeed next", HOUR],
    want: [[0, "requested"], [HOUR, "retry"]],
  },
  {
    name: "a pause longer than an hour is an hour",
    minMs: 5 * HOUR,
    retryMs: 1000,
    steps: ["request", 100, "request", HOUR],
    want: [[0, "requested"], [HOUR, "requested"]],
  },
];

for (const { name, minMs, retryMs, runMs = 0, steps, want } of cases) {
  Deno.test(`SyncRunner: ${name}`, async () => {
    const clock = new FakeClock(0);
    const stop = new AbortController();
    const runs: [number, RunReason][] = [];
    let failing = false;
    const runner = new SyncRunner({
      minMs,
      retryMs: () => retryMs,
      clock,
      onFailure: () => {},
      run: async (reason) => {
        runs.push([clock.monotonic(), reason]);
        await clock.sleep(runMs);
        if (failing) throw new Error("nft failed");
      },
    });
    const loop = runner.loop(stop.signal);
    for (const step of steps) {
      if (step === "request") runner.request();
      else if (step === "hurry") runner.hurry();
      else if (typeof step === "number") await clock.advance(step);
      else failing = step === "fail next";
    }
    deepEqual(runs, want);
    stop.abort();
    await clock.advance(runMs);
    await loop;
    equal(clock.sleepers, 0);
  });
}

Deno.test("SyncRunner serves a request to an idle runner without a timer in between", async () => {
  const stop = new AbortController();
  let runs = 0;
  const runner = new SyncRunner({
    minMs: 0,
    retryMs: () => 1000,
    clock: new FakeClock(),
    onFailure: () => {},
    run: () => Promise.resolve(void runs++),
  });
  const loop = runner.loop(stop.signal);
  for (let round = 1; round <= 3; round++) {
    runner.request();
    for (let turn = 0; turn < 10; turn++) await Promise.resolve();
    equal(runs, round);
  }
  stop.abort();
  await loop;
});

Deno.test("SyncRunner remembers a request from before its loop began", async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  let runs = 0;
  const runner = new SyncRunner({
    minMs: 0,
    retryMs: () => 1000,
    clock,
    onFailure: () => {},
    run: () => Promise.resolve(void runs++),
  });
  runner.request();
  const loop = runner.loop(stop.signal);
  await clock.advance(0);
  equal(runs, 1);
  stop.abort();
  await loop;
});

Deno.test("SyncRunner tells of each failure with the time to the next run, which grows up to syncPeriod", async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const told: [string, number][] = [];
  const runner = new SyncRunner({
    minMs: 1500,
    retryMs: retryDelay(5000),
    clock,
    onFailure: (error, retryInMs) => told.push([String(error), retryInMs]),
    run: () => Promise.reject("no nft"),
  });
  const loop = runner.loop(stop.signal);
  runner.request();
  await clock.advance(16_000);
  stop.abort();
  await loop;
  deepEqual(told, [1500, 2000, 4000, 5000, 5000].map((delay) => ["no nft", delay]));
});

Deno.test("SyncRunner begins the growing delays anew after a success", async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const delays: number[] = [];
  const results = [false, false, true, false];
  const runner = new SyncRunner({
    minMs: 0,
    retryMs: retryDelay(30_000),
    clock,
    onFailure: (_error, retryInMs) => delays.push(retryInMs),
    run: () => results.shift() ? Promise.resolve() : Promise.reject(new Error("failed")),
  });
  const loop = runner.loop(stop.signal);
  runner.request();
  await clock.advance(3000);
  runner.request();
  await clock.advance(0);
  stop.abort();
  await loop;
  deepEqual(delays, [1000, 2000, 1000]);
});

Deno.test("SyncRunner.loop() waits for the run that is under way when it is stopped", async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const events: string[] = [];
  const runner = new SyncRunner({
    minMs: 1000,
    retryMs: () => 1000,
    clock,
    onFailure: () => {},
    run: async () => {
      await clock.sleep(50);
      events.push("run ended");
    },
  });
  const loop = runner.loop(stop.signal).then(() => events.push("loop ended"));
  runner.request();
  await clock.advance(10);
  stop.abort();
  await clock.advance(100);
  await loop;
  deepEqual(events, ["run ended", "loop ended"]);
});
