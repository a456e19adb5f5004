import assert from "node:assert/strict";
import { EventRecorder } from "../../daemon/events.ts";
import { ApiError } from "../../watch/api_error.ts";
import type { EventNotice, EventWriter } from "../../watch/event_writer.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { recordingLog } from "../support/log.ts";

const MINUTE = 60_000;

/** A recorder whose Events the test receives, at an API server that it can take away. */
class Stage implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly recording = recordingLog();
  /** What was written: the note, and how often it was noticed. */
  readonly written: string[] = [];
  attempts = 0;
  /** What the API server says instead of accepting. */
  refusal: Error | undefined;
  readonly recorder: EventRecorder;
  readonly #ending = new AbortController();
  readonly #running: Promise<void>;

  constructor() {
    const writer: EventWriter = {
      write: ({ note }, { count }) => {
        this.attempts++;
        if (this.refusal !== undefined) return Promise.reject(this.refusal);
        this.written.push(`${note} x${count}`);
        return Promise.resolve();
      },
    };
    const { clock } = this;
    this.recorder = new EventRecorder({
      writer,
      clock,
      log: this.recording.log,
      random: () => 0.5,
    });
    this.#running = this.recorder.run(this.#ending.signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ending.abort();
    await this.#running;
  }
}

function notice(note: string, name = "web"): EventNotice {
  return {
    type: "Warning",
    reason: "Reason",
    action: "Action",
    note,
    regarding: { apiVersion: "v1", kind: "Service", namespace: "default", name, uid: name },
    scope: "node",
  };
}

Deno.test("Events are written in their order, five a second", async () => {
  await using stage = new Stage();
  for (const note of ["a", "b", "c"]) stage.recorder.record(notice(note));
  await stage.clock.advance(199);
  assert.deepEqual(stage.written, ["a x1"]);
  await stage.clock.advance(1);
  assert.deepEqual(stage.written, ["a x1", "b x1"]);
  await stage.clock.advance(200);
  assert.deepEqual(stage.written, ["a x1", "b x1", "c x1"]);
});

Deno.test("An Event that comes when all others are written does not wait", async () => {
  await using stage = new Stage();
  await stage.clock.advance(MINUTE);
  stage.recorder.record(notice("a"));
  await stage.clock.settle();
  assert.deepEqual(stage.written, ["a x1"]);
});

Deno.test("A repeated Event is counted, and written again after five minutes at the earliest", async () => {
  await using stage = new Stage();
  stage.recorder.record(notice("a"));
  for (let minute = 0; minute < 4; minute++) {
    await stage.clock.advance(MINUTE);
    stage.recorder.record(notice("a"));
  }
  assert.deepEqual(stage.written, ["a x1"]);
  await stage.clock.advance(MINUTE);
  stage.recorder.record(notice("a"));
  await stage.clock.settle();
  assert.deepEqual(stage.written, ["a x1", "a x6"]);
});

Deno.test("An object gets no more Events than its budget, the others get theirs", async () => {
  await using stage = new Stage();
  for (let index = 0; index < 30; index++) stage.recorder.record(notice(`${index}`));
  stage.recorder.record(notice("other", "api"));
  await stage.clock.advance(MINUTE);
  assert.equal(stage.written.length, 26);
  assert.equal(stage.written.at(-1), "other x1");
});

Deno.test("While the API server is away Events wait, and the attempts become rare", async () => {
  await using stage = new Stage();
  stage.refusal = new TypeError("connection refused");
  stage.recorder.record(notice("a"));
  stage.recorder.record(notice("b"));
  await stage.clock.advance(MINUTE);
  assert.equal(stage.attempts, 7);
  stage.refusal = undefined;
  await stage.clock.advance(31_000);
  assert.deepEqual(stage.written, ["a x1", "b x1"]);
  assert.deepEqual(stage.recording.lines, []);
});

for (const code of [401, 429, 500, 503]) {
  Deno.test(`An Event that is refused with ${code} is tried again`, async () => {
    await using stage = new Stage();
    stage.refusal = new ApiError(code, "", "not now");
    stage.recorder.record(notice("a"));
    await stage.clock.settle();
    stage.refusal = undefined;
    await stage.clock.advance(2_000);
    assert.deepEqual(stage.written, ["a x1"]);
  });
}

Deno.test("An Event is tried again as late as the API server asks", async () => {
  await using stage = new Stage();
  stage.refusal = new ApiError(429, "TooManyRequests", "not now", 20_000);
  stage.recorder.record(notice("a"));
  await stage.clock.advance(19_999);
  assert.equal(stage.attempts, 1);
  await stage.clock.advance(1);
  assert.equal(stage.attempts, 2);
});

Deno.test("After twelve attempts an Event is given up for the next one", async () => {
  await using stage = new Stage();
  stage.refusal = new TypeError("connection refused");
  stage.recorder.record(notice("a"));
  stage.recorder.record(notice("b"));
  while (stage.attempts < 12) await stage.clock.advance(1_000);
  stage.refusal = undefined;
  await stage.clock.advance(1_000);
  assert.deepEqual(stage.written, ["b x1"]);
});

Deno.test("Events that may not be written are dropped, with one warning for all", async () => {
  await using stage = new Stage();
  stage.refusal = new ApiError(403, "Forbidden", "events is forbidden");
  stage.recorder.record(notice("a"));
  stage.recorder.record(notice("b"));
  await stage.clock.advance(MINUTE);
  assert.equal(stage.attempts, 2);
  const levels = stage.recording.records.map(({ level }) => level);
  assert.deepEqual(levels, ["warning", "debug"]);
  assert.match(stage.recording.lines[0] ?? "", /Cannot write an Event .*object=default\/web/);
});

Deno.test("No more than a thousand Events wait", async () => {
  await using stage = new Stage();
  for (let index = 0; index < 1_100; index++) {
    stage.recorder.record(notice(`${index}`, `web-${index}`));
  }
  await stage.clock.advance(5 * MINUTE);
  assert.equal(stage.written.length, 1_000);
});

Deno.test("An Event that found no room is written when it comes again", async () => {
  await using stage = new Stage();
  for (let index = 0; index < 1_001; index++) {
    stage.recorder.record(notice(`${index}`, `web-${index}`));
  }
  await stage.clock.advance(4 * MINUTE);
  stage.recorder.record(notice("1000", "web-1000"));
  await stage.clock.settle();
  assert.equal(stage.written.at(-1), "1000 x2");
});

Deno.test("Without an API server Events are forgotten at once", async () => {
  const { log, lines } = recordingLog();
  const recorder = new EventRecorder({ writer: undefined, clock: new FakeClock(), log });
  for (let index = 0; index < 1_100; index++) recorder.record(notice(`${index}`));
  await recorder.run(new AbortController().signal);
  assert.deepEqual(lines, []);
});

Deno.test("settled() waits until everything is written", async () => {
  await using stage = new Stage();
  const { signal } = new AbortController();
  await stage.recorder.settled(signal); // nothing has been recorded
  for (const note of ["a", "b"]) stage.recorder.record(notice(note));
  let settled = false;
  const waiting = stage.recorder.settled(signal).then(() => settled = true);
  await stage.clock.advance(200);
  assert.deepEqual([stage.written.length, settled], [2, false]);
  await stage.clock.advance(200);
  await waiting;
  stage.recorder.record(notice("c"));
  settled = false;
  void stage.recorder.settled(signal).then(() => settled = true);
  await stage.clock.advance(0);
  assert.equal(settled, false);
  await stage.clock.advance(200);
  assert.equal(settled, true);
});

Deno.test("settled() gives up when its signal aborts", async () => {
  await using stage = new Stage();
  stage.refusal = new TypeError("connection refused");
  stage.recorder.record(notice("a"));
  const enough = new AbortController();
  const waiting = stage.recorder.settled(enough.signal);
  await stage.clock.advance(100);
  enough.abort();
  await waiting;
  assert.deepEqual(stage.written, []);
});
