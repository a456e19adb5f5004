import assert from "node:assert/strict";
import { until } from "./_recorder.ts";
import type { Exchange } from "../support/bad_server.ts";
import { inBothEncodings, service, Stage } from "./_stage.ts";

inBothEncodings(
  "Reflector asks for a streaming list and puts it in force once it is complete",
  async (stageOf) => {
    await using stage = stageOf();
    const request = await stage.server.receive();
    assert.equal(request.path, "/api/v1/services");
    const { timeoutSeconds, ...query } = Object.fromEntries(request.query);
    assert.deepEqual(query, {
      labelSelector: "!service.kubernetes.io/service-proxy-name",
      fieldSelector: "spec.clusterIP!=None",
      watch: "1",
      allowWatchBookmarks: "true",
      sendInitialEvents: "true",
      resourceVersionMatch: "NotOlderThan",
    });
    assert.equal(timeoutSeconds, "450");
    const stream = request.stream();
    stream.event("ADDED", service("a"));
    stream.event("ADDED", service("b"));
    await until(() => stage.sink.heardCount > 0);
    assert.deepEqual(stage.sink.calls, []);
    stream.event("MODIFIED", service("a", "2", 81));
    stream.event("DELETED", service("b"));
    stream.endOfList("7");
    await stage.sink.until(3);
    const before = ["early Service a b a", "remove default/b"];
    assert.deepEqual(stage.sink.calls, [...before, "replace Service a"]);
  },
);

inBothEncodings(
  "Reflector takes changes on the stream of the list, and a deletion by its name alone",
  async (stageOf) => {
    await using stage = stageOf();
    const stream = await stage.synced("7", "a");
    stream.event("ADDED", service("b", "8"));
    stream.event("MODIFIED", service("a", "9"));
    stream.event("DELETED", {
      metadata: { namespace: "default", name: "b", resourceVersion: "10" },
    });
    await stage.sink.until(4);
    assert.deepEqual(stage.sink.calls.slice(1), ["upsert b", "upsert a", "remove default/b"]);
  },
);

inBothEncodings(
  "Reflector goes on from the last bookmark, without a list, when a watch has run its time",
  async (stageOf) => {
    await using stage = stageOf();
    const stream = await stage.synced("7", "a");
    stream.event("ADDED", service("b", "8"));
    stream.bookmark("20");
    await stage.sink.until(2);
    for (let minute = 0; minute < 450; minute += 50) {
      stream.bookmark("21");
      const heard = stage.sink.heardCount;
      await until(() => stage.sink.heardCount > heard);
      await stage.clock.advance(50_000);
    }
    stream.end();
    const request = await stage.server.receive();
    assert.equal(request.query.get("resourceVersion"), "21");
    assert.equal(request.query.get("sendInitialEvents"), null);
    assert.equal(stage.server.historyRequests, 1);
    request.stream().event("DELETED", service("a", "22"));
    await stage.sink.until(3);
    assert.deepEqual(stage.sink.calls, ["replace Service a", "upsert b", "remove default/a"]);
  },
);

const REFUSALS = [
  { name: "422 Invalid", code: 422, reason: "Invalid" },
  { name: "400 BadRequest", code: 400, reason: "BadRequest" },
];
for (const { name, code, reason } of REFUSALS) {
  inBothEncodings(
    `Reflector reads the list in pages, then watches, when the server refuses to stream it: ${name}`,
    async (stageOf) => {
      await using stage = stageOf();
      (await stage.server.receive()).refuse(code, reason, "sendInitialEvents is forbidden");
      const first = await stage.server.receive();
      assert.deepEqual([first.query.get("watch"), first.query.get("limit")], [null, "500"]);
      first.page({ resourceVersion: "5", continue: "more" }, [service("a")]);
      const second = await stage.server.receive();
      assert.equal(second.query.get("continue"), "more");
      assert.deepEqual(stage.sink.calls, []);
      second.page({ resourceVersion: "5" }, [service("b")]);
      const watch = await stage.server.receive();
      assert.deepEqual(stage.sink.calls, ["replace Service a b"]);
      assert.equal(watch.query.get("resourceVersion"), "5");
      watch.stream().event("ADDED", service("c", "6"));
      await stage.sink.until(2);
    },
  );
}

inBothEncodings(
  "Reflector reads the list in pages when the server ignores that it was to stream it",
  async (stageOf, t) => {
    await t.step("and sends a plain bookmark", async () => {
      await using stage = stageOf();
      const stream = (await stage.server.receive()).stream();
      stream.event("ADDED", service("a"));
      stream.bookmark("5");
      assert.equal((await stage.server.receive()).query.get("limit"), "500");
      await until(() => stream.cancelled);
    });
    await t.step("and falls silent after the objects", async () => {
      await using stage = stageOf();
      (await stage.server.receive()).stream().event("ADDED", service("a"));
      await until(() => stage.sink.heardCount === 1);
      await stage.clock.advance(15_000);
      assert.equal((await stage.server.receive()).query.get("limit"), "500");
    });
    await t.step("and ends the stream after the objects", async () => {
      await using stage = stageOf();
      const stream = (await stage.server.receive()).stream();
      stream.event("ADDED", service("a"));
      stream.end();
      assert.equal((await stage.server.receive()).query.get("limit"), "500");
    });
  },
);

inBothEncodings(
  "Reflector tries a streaming list again ten minutes after it was refused",
  async (stageOf) => {
    await using stage = stageOf();
    (await stage.server.receive()).refuse(422);
    (await stage.server.receive()).page({ resourceVersion: "5" }, []);
    (await stage.server.receive()).refuse(410, "Expired");
    (await stage.server.receive()).page({ resourceVersion: "6" }, []);
    const watch = (await stage.server.receive()).stream();
    for (let minute = 0; minute < 10; minute++) {
      watch.bookmark("7");
      const heard = stage.sink.heardCount;
      await until(() => stage.sink.heardCount > heard);
      await stage.clock.advance(60_000);
    }
    watch.event("ERROR", { code: 410 });
    assert.equal((await stage.server.receive()).query.get("sendInitialEvents"), "true");
  },
);

inBothEncodings(
  "Reflector reads the whole list at once when the server forgets it between two pages",
  async (stageOf) => {
    await using stage = stageOf();
    (await stage.server.receive()).refuse(422);
    const metadata = { resourceVersion: "5", continue: "more" };
    (await stage.server.receive()).page(metadata, [service("gone")]);
    (await stage.server.receive()).refuse(410, "Expired");
    const whole = await stage.server.receive();
    assert.deepEqual([whole.query.get("limit"), whole.query.get("continue")], [null, null]);
    whole.page({ resourceVersion: "9" }, [service("a")]);
    await stage.sink.until(1);
    assert.deepEqual(stage.sink.calls, ["replace Service a"]);
  },
);

inBothEncodings(
  "Reflector leaves out what it cannot use, says so once, and goes on",
  async (stageOf) => {
    await using stage = stageOf();
    const stream = await stage.synced("7", "a", "b");
    stream.event("MODIFIED", service("a", "8", 70_000));
    stream.event("MODIFIED", service("a", "8", 70_000));
    stream.event("BREWED", service("b", "9"));
    stream.garbage();
    stream.garbage();
    stream.event("MODIFIED", service("b", "10"));
    await stage.sink.until(2);
    assert.deepEqual(stage.sink.calls, ["replace Service a b", "upsert b"]);
    assert.equal(stage.skipped, 5);
    const warnings = stage.recording.lines.filter((line) => line.startsWith("WARN"));
    assert.equal(warnings.length, 2);
    assert.match(warnings[0]!, /default\/a.*spec\.ports\[0\]\.port.*70000/);
  },
);

inBothEncodings(
  "Reflector lists anew after something that it could not read, as it may have said anything",
  async (stageOf) => {
    await using stage = stageOf();
    const stream = await stage.synced("7", "a");
    stream.garbage();
    stream.event("ADDED", service("b", "8"));
    await stage.sink.until(2);
    await stage.clock.advance(1000);
    stream.end();
    assert.equal((await stage.server.receive()).query.get("sendInitialEvents"), "true");
  },
);

inBothEncodings(
  "Reflector keeps the last good state of an object over a list in which it cannot be used",
  async (stageOf) => {
    const held = { kind: "Node" as const, namespace: "", name: "n" } as never;
    await using stage = stageOf("Service", {
      held: (kind, key) => kind === "Service" && key === "default/a" ? held : undefined,
    });
    const stream = (await stage.server.receive()).stream();
    stream.event("ADDED", service("a", "1", 70_000));
    stream.event("ADDED", service("new", "1", 70_000));
    stream.endOfList("2");
    await stage.sink.until(1);
    assert.deepEqual([...stage.sink.objects.values()], [held]);
  },
);

inBothEncodings(
  "Reflector ends when it is told to, whatever it is waiting for",
  async (stageOf, t) => {
    await t.step("headers", async () => {
      await using stage = stageOf();
      await stage.server.receive();
    });
    await t.step("events", async () => {
      await using stage = stageOf();
      await stage.synced("1");
    });
    await t.step("the next attempt", async () => {
      await using stage = stageOf();
      (await stage.server.receive()).refuse(500);
      await stage.waiting(800);
    });
  },
);

inBothEncodings(
  "Reflector tells what it has of the first list early, and only of that one",
  async (stageOf) => {
    await using stage = stageOf();
    const stream = (await stage.server.receive()).doomedStream();
    const names = Array.from({ length: 300 }, (_, index) => `s${index}`);
    for (const name of names) stream.event("ADDED", service(name));
    await stage.sink.until(1);
    assert.deepEqual(stage.sink.calls, [`early Service ${names.slice(0, 250).join(" ")}`]);
    stream.end();
    await stage.waiting(800);
    await stage.clock.advance(800);
    const live = await stage.synced("7", "s1", "new");
    assert.deepEqual([...stage.sink.objects.keys()], ["Service default/s1", "Service default/new"]);
    live.event("ERROR", { code: 410 });
    await stage.synced("8", ...names);
    assert.equal(stage.sink.calls.filter((call) => call.startsWith("early")).length, 1);
    assert.equal(stage.sink.objects.size, 300);
  },
);

Deno.test("Reflector asks for protobuf, and for JSON from who does not have it", async () => {
  await using stage = new Stage("protobuf");
  const list = await stage.server.receive();
  const protobuf = "application/vnd.kubernetes.protobuf";
  assert.equal(list.headers.get("accept"), `${protobuf};stream=watch,application/json`);
  list.refuse(422);
  const page = await stage.server.receive();
  assert.equal(page.headers.get("accept"), `${protobuf},application/json`);
});

Deno.test("Reflector asks for JSON only once it has found that it cannot read the protobuf", async (t) => {
  const notAcceptable = (request: Exchange) => request.refuse(406, "NotAcceptable");
  const noFrames = (request: Exchange) => request.stream().text("<html>");
  for (const answer of [notAcceptable, noFrames]) {
    await t.step(answer.name, async () => {
      await using stage = new Stage("protobuf");
      answer(await stage.server.receive());
      await stage.waiting(800);
      stage.server.encoding = "JSON";
      await stage.clock.advance(800);
      const list = await stage.server.receive();
      assert.equal(list.headers.get("accept"), "application/json");
      const stream = list.stream();
      stream.event("ADDED", service("a"));
      stream.endOfList("1");
      await stage.sink.until(1);
      assert.deepEqual([...stage.sink.objects.keys()], ["Service default/a"]);
    });
  }
});
