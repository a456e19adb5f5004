import assert from "node:assert/strict";
import { NftError } from "../../../backends/nftables/nft_error.ts";
import { RulesetWatch } from "../../../backends/nftables/ruleset_watch.ts";
import { watchedNft } from "../../../backends/nftables/watched_nft.ts";
import type { StreamProcess } from "../../../backends/stream_process.ts";
import { FakeClock } from "../../support/fake_clock.ts";

const IPV4 = "table ip weir {";
const BOTH = [IPV4, "}", "table ip6 weir {", "}"];
const TABLES = ["table inet filter", "table ip weir", "table ip6 weir"];
const LISTED = "payload expression, datatype inet_service";

/** A listening process, in the hands of a test. */
interface Listener {
  readonly says: (...lines: readonly string[]) => void;
  readonly ends: (stderr: string) => Promise<void>;
}

/** A watch with processes that a test speaks for, and what it tells. */
function setUp() {
  const clock = new FakeClock();
  const told: string[] = [];
  const listeners: Listener[] = [];
  /** What `nft list tables` prints; undefined when it fails. */
  const tables: { lines: readonly string[] | undefined } = { lines: TABLES };
  const stream: StreamProcess = (_command, args, { onLine, signal }) => {
    if (args[0] === "list") {
      tables.lines?.forEach(onLine);
      const code = tables.lines === undefined ? 1 : 0;
      return Promise.resolve({ code, stderr: "", timedOut: false });
    }
    const ended = Promise.withResolvers<{ code: number; stderr: string; timedOut: boolean }>();
    const killed = { code: 137, stderr: "", timedOut: false };
    signal?.addEventListener("abort", () => ended.resolve(killed));
    listeners.push({
      says: (...lines) => lines.forEach(onLine),
      ends: async (stderr) => {
        ended.resolve({ code: 1, stderr, timedOut: false });
        await clock.settle();
      },
    });
    return ended.promise;
  };
  const watch = new RulesetWatch({ clock, stream });
  const stop = new AbortController();
  const running = watch.run({
    listening() {},
    changed: ({ family, what, by }) => told.push(`${family}: ${what} by ${by?.name}`),
    missed: () => told.push("missed"),
    deaf: ({ message }, wait) => told.push(`deaf for ${wait}: ${message}`),
  }, stop.signal);
  const end = async () => {
    stop.abort();
    await running;
  };
  return { clock, watch, listeners, tables, told, end };
}

type Stage = ReturnType<typeof setUp>;

/** The same, listening to both families, of which the tables are there. */
async function listening() {
  const stage = setUp();
  stage.watch.follow("IPv4");
  stage.watch.follow("IPv6");
  await stage.clock.settle();
  stage.listeners[0]?.says(...BOTH, LISTED);
  return stage;
}

const FLUSHED = ["delete table ip weir", "# new generation 9 by process 7 (nft)"];

Deno.test("Nobody listens before there is a table of weir's", async () => {
  const { clock, watch, listeners, end } = setUp();
  await clock.settle();
  assert.equal(listeners.length, 0);
  watch.follow("IPv4");
  await clock.settle();
  assert.equal(listeners.length, 1);
  await end();
});

Deno.test("A listener is replaced when there is one more table, and goes on when there is not", async () => {
  const { clock, watch, listeners, told, end } = setUp();
  watch.follow("IPv4");
  await clock.settle();
  for (const family of ["IPv6", "IPv6", "IPv4"] as const) {
    watch.follow(family);
    await clock.settle();
  }
  assert.equal(listeners.length, 2);
  listeners[0]?.says(LISTED, ...FLUSHED);
  assert.deepEqual(told, [], "the old one is not listened to any more");
  await end();
});

Deno.test("What others do is told, what weir does is not", async () => {
  const { watch, listeners, told, end } = await listening();
  const own = watch.begin("IPv4");
  listeners[0]?.says("add element ip weir m { 1 }", "# new generation 8 by process 6 (nft)");
  own.done();
  assert.deepEqual(told, []);
  listeners[0]?.says(...FLUSHED);
  assert.deepEqual(told, ["IPv4: delete table by nft"]);
  await end();
});

Deno.test("What is taken for weir's own is told when that was refused", async () => {
  const { watch, listeners, told, end } = await listening();
  const own = watch.begin("IPv4");
  listeners[0]?.says(...FLUSHED);
  assert.deepEqual(told, []);
  own.refused();
  assert.deepEqual(told, ["IPv4: delete table by nft"]);
  await end();
});

Deno.test("Changes of a family that is not weir's are not told", async () => {
  const { clock, watch, listeners, told, end } = setUp();
  watch.follow("IPv4");
  await clock.settle();
  listeners[0]?.says(IPV4, "}", LISTED, "add table ip6 weir", "# new generation 9");
  assert.deepEqual(told, []);
  await end();
});

Deno.test("Lost events are missed changes", async () => {
  const { listeners, told, end } = await listening();
  listeners[0]?.says("# ERROR: We lost some netlink events!");
  assert.deepEqual(told, ["missed"]);
  await end();
});

Deno.test("A listener that ends is replaced with growing pauses, and what it missed is unknown", async () => {
  const { clock, listeners, told, end } = await listening();
  await listeners[0]?.ends("Error: Operation not permitted\n");
  const says = 'Cannot listen for changes: nft says "Operation not permitted"';
  assert.deepEqual(told, [`deaf for 1000: ${says}`]);
  await clock.advance(1_000);
  await listeners[1]?.ends("Error: Operation not permitted\n");
  assert.deepEqual(told[1], `deaf for 2000: ${says}`);
  await clock.advance(1_999);
  assert.equal(listeners.length, 2);
  await clock.advance(1);
  listeners[2]?.says(...BOTH, LISTED);
  assert.deepEqual(told.slice(2), ["missed"]);
  await clock.advance(60_001);
  await listeners[2]?.ends("");
  assert.match(told[3] ?? "", /^deaf for 1000: /, "it did well for a minute");
  await end();
});

Deno.test("A listener that does not begin within a minute is replaced", async () => {
  const { clock, watch, listeners, told, end } = setUp();
  watch.follow("IPv4");
  await clock.advance(60_000);
  assert.deepEqual(told, [
    "deaf for 1000: Cannot listen for changes: nft gave no answer within 60 s and was killed",
  ]);
  await clock.advance(1_000);
  listeners[1]?.says(IPV4, "}", LISTED);
  await clock.advance(120_000);
  assert.equal(listeners.length, 2);
  await end();
  assert.equal(clock.sleepers, 0);
});

Deno.test("Without the program there is one attempt a minute in the end", async () => {
  const clock = new FakeClock();
  const waits: number[] = [];
  const watch = new RulesetWatch({
    clock,
    stream: () => Promise.reject(new Deno.errors.NotFound("no such file")),
  });
  watch.follow("IPv4");
  const stop = new AbortController();
  const running = watch.run({
    listening: () => assert.fail("nobody listens"),
    changed: () => assert.fail("nobody listens"),
    missed: () => assert.fail("nobody listens"),
    deaf: (_error, wait) => waits.push(wait),
  }, stop.signal);
  await clock.advance(200_000);
  assert.deepEqual(waits, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  stop.abort();
  await running;
});

Deno.test("Nobody listens during large transactions of weir's own, and then one learns whether the tables are there", async () => {
  const { clock, watch, listeners, told, end } = await listening();
  const [own, other] = [watch.begin("IPv4"), watch.begin("IPv6")];
  own.grows(100_000);
  await clock.settle();
  assert.equal(listeners.length, 1);
  own.grows(1);
  own.grows(1_000_000);
  other.grows(200_000);
  listeners[0]?.says("delete chain ip weir x", "# new generation 9");
  own.done();
  await clock.settle();
  assert.equal(listeners.length, 1);
  other.refused();
  await clock.settle();
  assert.equal(listeners.length, 2);
  assert.deepEqual(told, []);
  listeners[1]?.says(IPV4, "}", LISTED);
  assert.deepEqual(told, ["IPv6: delete table by undefined"]);
  await end();
});

Deno.test("A table that goes after it was listed, and before anybody hears, is missed soon", async () => {
  const { clock, listeners, tables, told, end } = await listening();
  tables.lines = ["table ip weird", "table ip6 weir"];
  await clock.advance(399);
  assert.deepEqual(told, []);
  await clock.advance(1);
  assert.deepEqual(told, ["IPv4: delete table by undefined"]);
  await clock.advance(60_000);
  assert.equal(told.length, 1, "it is looked for once");
  assert.equal(listeners.length, 1);
  await end();
  assert.equal(clock.sleepers, 0);
});

for (
  const { name, after } of [
    { name: "when nft cannot say so", after: ({ tables }) => void (tables.lines = undefined) },
    { name: "while it is being made", after: ({ watch }) => void watch.begin("IPv4") },
    { name: "when it is all over", after: ({ end }) => end() },
    {
      name: "when that was told of",
      after: async ({ clock, listeners, told }) => {
        await clock.advance(399);
        listeners[0]?.says(...FLUSHED);
        assert.deepEqual(told.splice(0), ["IPv4: delete table by nft"]);
      },
    },
  ] satisfies { name: string; after: (stage: Stage) => void | Promise<void> }[]
) {
  Deno.test(`A table that is not there is not missed ${name}`, async () => {
    const stage = await listening();
    stage.tables.lines = ["table ip6 weir"];
    await after(stage);
    await stage.clock.advance(1_000);
    assert.deepEqual(stage.told, []);
    await stage.end();
  });
}

Deno.test("A table that weir is about to make is not missing", async () => {
  const { clock, watch, listeners, told, end } = setUp();
  const own = watch.begin("IPv4");
  watch.follow("IPv4");
  await clock.settle();
  listeners[0]?.says(LISTED);
  own.done();
  assert.deepEqual(told, []);
  await end();
});

for (
  const { name, error, wasOwn } of [
    { name: "that nft applied is weir's own", error: undefined, wasOwn: true },
    { name: "that nft refused is not", error: new NftError("no", { stderr: "no" }), wasOwn: false },
    { name: "of which nobody knows the end may be", error: new NftError("slow"), wasOwn: true },
  ]
) {
  Deno.test(`A transaction ${name}`, async () => {
    const { watch, listeners, told, end } = await listening();
    const script: string[] = [];
    const nft = watchedNft(
      {
        apply: (chunks) => {
          script.push(...chunks);
          return error === undefined ? Promise.resolve() : Promise.reject(error);
        },
        inspect: () => assert.fail(),
        listMap: () => assert.fail(),
        listSet: () => assert.fail(),
      },
      "IPv4",
      watch,
    );
    await nft.apply(["a", "b"]).catch((caught) => assert.equal(caught, error));
    assert.deepEqual(script, ["a", "b"]);
    listeners[0]?.says(...FLUSHED);
    assert.deepEqual(told, wasOwn ? [] : ["IPv4: delete table by nft"]);
    await end();
  });
}
