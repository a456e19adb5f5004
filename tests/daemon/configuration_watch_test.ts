import assert from "node:assert/strict";
import { nextConfiguration } from "../../daemon/configuration_watch.ts";
import { FakeClock } from "../support/fake_clock.ts";

/** A watch of a file whose text is `file.text`; texts that begin with "bad" cannot be used, and "same" changes nothing. */
function setUp() {
  const clock = new FakeClock();
  const stop = new AbortController();
  const file: { text: string | undefined } = { text: "first" };
  const heard: string[] = [];
  let loads = 0;
  let result: { loaded: string | undefined } | undefined;
  const done = nextConfiguration({
    file: "weir.yaml",
    text: "first",
    readTextFile: () =>
      file.text === undefined
        ? Promise.reject(new Deno.errors.NotFound("gone"))
        : Promise.resolve(file.text),
    load(text) {
      loads++;
      if (text.startsWith("bad")) return Promise.reject(new Error(`Cannot use ${text}`));
      return Promise.resolve(text.startsWith("same") ? undefined : text);
    },
    report: {
      refused: (error) => heard.push(error instanceof Error ? error.message : String(error)),
      inForce: () => heard.push("in force"),
    },
    clock,
  }, stop.signal).then((loaded) => result = { loaded });
  return { clock, stop, file, heard, done, loads: () => loads, result: () => result };
}

Deno.test("A changed file becomes what is next once it has settled", async () => {
  const { clock, file, result } = setUp();
  await clock.advance(5_000);
  assert.equal(result(), undefined);
  file.text = "sec";
  await clock.advance(1_000);
  file.text = "second";
  await clock.advance(1_000);
  assert.equal(result(), undefined, "it is still being written");
  await clock.advance(1_000);
  assert.deepEqual(result(), { loaded: "second" });
  assert.equal(clock.sleepers, 0);
});

Deno.test("A bad file is refused once, and a good one after it counts", async () => {
  const { clock, file, heard, loads, result } = setUp();
  file.text = "bad";
  await clock.advance(60_000);
  assert.deepEqual(heard, ["Cannot use bad"]);
  assert.equal(loads(), 1);
  file.text = "good";
  await clock.advance(2_000);
  assert.deepEqual(result(), { loaded: "good" });
});

Deno.test("The way back to what is in force is no change", async () => {
  const { clock, file, heard, loads, result } = setUp();
  file.text = "bad";
  await clock.advance(2_000);
  file.text = "first";
  await clock.advance(2_000);
  assert.deepEqual(heard, ["Cannot use bad", "in force"]);
  assert.equal(loads(), 1);
  assert.equal(result(), undefined);
});

Deno.test("Another text for the same configuration is in force at once", async () => {
  const { clock, file, heard, result } = setUp();
  file.text = "same, with a comment";
  await clock.advance(60_000);
  assert.deepEqual(heard, ["in force"]);
  assert.equal(result(), undefined);
});

Deno.test("A file that is away for a moment is nobody's business, and one that stays away is", async () => {
  const { clock, file, heard } = setUp();
  file.text = undefined;
  await clock.advance(1_000);
  file.text = "first";
  await clock.advance(5_000);
  assert.deepEqual(heard, []);
  file.text = undefined;
  await clock.advance(60_000);
  assert.deepEqual(heard, ['Cannot read the configuration "weir.yaml"']);
});

Deno.test("The watch ends with the signal", async () => {
  const { stop, done, result } = setUp();
  stop.abort();
  await done;
  assert.deepEqual(result(), { loaded: undefined });
});
