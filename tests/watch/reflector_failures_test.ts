import assert from "node:assert/strict";
import { until } from "./_recorder.ts";
import { inBothEncodings, service } from "./_stage.ts";

const GONE = [
  { name: "code 410", status: { code: 410 } },
  { name: "reason Expired", status: { code: 500, reason: "Expired" } },
  { name: "the old message", status: { code: 500, message: "too old resource version: 5 (9)" } },
];
for (const { name, status } of GONE) {
  inBothEncodings(
    `Reflector lists anew on an ERROR event with ${name}, and holds what it has until then`,
    async (stageOf) => {
      await using stage = stageOf();
      const stream = await stage.synced("7", "a", "b");
      stream.event("ERROR", status);
      const list = await stage.server.receive();
      assert.equal(list.query.get("sendInitialEvents"), "true");
      assert.equal(list.query.get("resourceVersion"), null);
      const again = list.stream();
      again.event("ADDED", service("b", "8"));
      const heard = stage.sink.heardCount;
      await until(() => stage.sink.heardCount > heard);
      assert.deepEqual([...stage.sink.objects.keys()], ["Service default/a", "Service default/b"]);
      again.endOfList("9");
      await stage.sink.until(2);
      assert.deepEqual([...stage.sink.objects.keys()], ["Service default/b"]);
    },
  );
}

const REFUSED_WATCHES = [
  { name: "a version that is none", code: 400, reason: "BadRequest", message: "invalid version" },
  { name: "410", code: 410, reason: "Gone", message: "gone" },
  {
    name: "a version from the future",
    code: 504,
    reason: "Timeout",
    message: "Too large resource version: 900, current: 5",
  },
];
for (const { name, code, reason, message } of REFUSED_WATCHES) {
  inBothEncodings(
    `Reflector lists anew, from no version, when a watch is refused: ${name}`,
    async (stageOf) => {
      await using stage = stageOf();
      const stream = await stage.synced("900", "a");
      stream.event("ADDED", service("b", "901"));
      await stage.sink.until(2);
      await stage.clock.advance(1000);
      stream.end();
      (await stage.server.receive()).refuse(code, reason, message);
      const list = await stage.server.receive();
      assert.equal(list.query.get("sendInitialEvents"), "true");
      assert.equal(list.query.get("resourceVersion"), null);
    },
  );
}

inBothEncodings(
  "Reflector does not list again and again without a wait when every version is gone at once",
  async (stageOf) => {
    await using stage = stageOf();
    (await stage.synced("5")).event("ERROR", { code: 410 });
    (await stage.synced("6")).event("ERROR", { code: 410 });
    await stage.waiting(800);
    assert.equal(stage.server.pending, 0);
  },
);

inBothEncodings(
  "Reflector watches again from where it was after any other ERROR event, and a wait",
  async (stageOf) => {
    await using stage = stageOf();
    const stream = await stage.synced("7", "a");
    stream.event("ERROR", { code: 500, reason: "InternalError", message: "etcd has no leader" });
    await stage.waiting(800);
    await stage.clock.advance(800);
    assert.equal((await stage.server.receive()).query.get("resourceVersion"), "7");
  },
);

inBothEncodings("Reflector waits 0.8 s after a failure, doubling up to 30 s", async (stageOf) => {
  await using stage = stageOf();
  const waits = [800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000];
  for (const wait of waits) {
    (await stage.server.receive()).refuse(500);
    await stage.waiting(wait);
    await stage.clock.advance(wait);
  }
  assert.equal(
    stage.recording.lines.filter((line) => line.startsWith("WARN")).length,
    waits.length,
  );
});

inBothEncodings(
  "Reflector begins with the shortest wait again after a healthy connection",
  async (stageOf) => {
    await using stage = stageOf();
    for (const wait of [800, 1600]) {
      (await stage.server.receive()).refuse(500);
      await stage.waiting(wait);
      await stage.clock.advance(wait);
    }
    const stream = await stage.doomed("7", "a");
    await stage.clock.advance(10_000);
    stream.end();
    await stage.waiting(800);
  },
);

for (const code of [429, 503]) {
  inBothEncodings(`Reflector waits as long as a ${code} asks for`, async (stageOf) => {
    await using stage = stageOf();
    const headers = { "retry-after": "7" };
    (await stage.server.receive()).refuse(code, "", "later", headers);
    await stage.waiting(7000);
    await stage.clock.advance(7000);
    await stage.server.receive();
  });
}

inBothEncodings(
  "Reflector reads the token anew and tries again at once after a 401",
  async (stageOf) => {
    await using stage = stageOf();
    const first = await stage.server.receive();
    assert.equal(first.headers.get("authorization"), "Bearer token-1");
    stage.token = "token-2";
    first.refuse(401, "Unauthorized", "Unauthorized");
    const second = await stage.server.receive();
    assert.equal(second.headers.get("authorization"), "Bearer token-2");
    second.refuse(401, "Unauthorized", "Unauthorized");
    await stage.waiting(800);
    assert.match(stage.recording.lines.join(), /does not accept the credentials/);
    assert.doesNotMatch(stage.recording.lines.join(), /token-\d/);
  },
);

inBothEncodings("Reflector says who lacks which right when it is forbidden", async (stageOf) => {
  await using stage = stageOf("EndpointSlice");
  const message = 'endpointslices is forbidden: User "eve" cannot list';
  (await stage.server.receive()).refuse(403, "Forbidden", message);
  await stage.waiting(800);
  const line = stage.recording.lines.join();
  assert.match(line, /User .*eve.* cannot list/);
  assert.match(line, /system:node-proxier/);
  assert.match(line, /endpointslices.*discovery\.k8s\.io/);
});

inBothEncodings(
  "Reflector replaces a watch that is silent for 150 s, and goes on from where it was",
  async (stageOf) => {
    await using stage = stageOf();
    const stream = await stage.synced("7", "a");
    await stage.clock.advance(100_000);
    stream.bookmark("8");
    const heard = stage.sink.heardCount;
    await until(() => stage.sink.heardCount > heard);
    await stage.clock.advance(149_999);
    assert.equal(stage.clock.untilNextWake, 1);
    await stage.clock.advance(1);
    await until(() => stream.cancelled);
    await stage.waiting(800);
    await stage.clock.advance(800);
    assert.equal((await stage.server.receive()).query.get("resourceVersion"), "8");
    assert.match(stage.recording.lines.join(), /silent for 150 s/);
  },
);

inBothEncodings(
  "Reflector gives up a request that is not answered within 30 s",
  async (stageOf) => {
    await using stage = stageOf();
    await stage.server.receive();
    await stage.clock.advance(30_000);
    await stage.waiting(800);
    await stage.clock.advance(800);
    await stage.server.receive();
  },
);

inBothEncodings(
  "Reflector does not hammer a server that ends every watch at once",
  async (stageOf) => {
    await using stage = stageOf();
    const stream = await stage.synced("7", "a");
    await stage.clock.advance(1000);
    stream.end();
    const again = (await stage.server.receive()).stream();
    again.bookmark("8");
    again.end();
    await stage.waiting(800);
    assert.equal(stage.server.pending, 0);
  },
);

const HISTORIES = [
  { name: "goes on when the history is the same", lineage: "uid-1", version: "8", list: false },
  { name: "lists anew when the data was wiped", lineage: "uid-2", version: "9000", list: true },
  { name: "lists anew when the data went back", lineage: "uid-1", version: "6", list: true },
];
for (const { name, lineage, version, list } of HISTORIES) {
  inBothEncodings(
    `Reflector asks for the server's history after a broken connection: ${name}`,
    async (stageOf) => {
      await using stage = stageOf();
      const stream = await stage.doomed("7", "a");
      Object.assign(stage.server, { lineage, version });
      stream.end();
      await stage.waiting(800);
      await stage.clock.advance(800);
      const request = await stage.server.receive();
      assert.equal(request.query.get("sendInitialEvents"), list ? "true" : null);
      assert.equal(request.query.get("resourceVersion"), list ? null : "7");
      assert.deepEqual([...stage.sink.objects.keys()], ["Service default/a"]);
    },
  );
}

inBothEncodings("Reflector lists anew when a bookmark goes back in time", async (stageOf) => {
  await using stage = stageOf();
  const stream = await stage.synced("100", "a");
  stream.bookmark("99");
  assert.equal((await stage.server.receive()).query.get("sendInitialEvents"), "true");
});

inBothEncodings(
  "Reflector takes a kind that the server does not have as empty, and asks again in ten minutes",
  async (stageOf) => {
    await using stage = stageOf("ServiceCIDR");
    (await stage.server.receive()).refuse(404, "NotFound", "page not found");
    await stage.waiting(600_000);
    assert.deepEqual(stage.sink.calls, ["replace ServiceCIDR"]);
    assert.deepEqual(stage.recording.lines.filter((line) => line.startsWith("WARN")), []);
    await stage.clock.advance(600_000);
    await stage.server.receive();
  },
);

inBothEncodings(
  "Reflector takes an optional kind that it may not see as empty, but says so",
  async (stageOf) => {
    await using stage = stageOf("ServiceCIDR");
    (await stage.server.receive()).refuse(403, "Forbidden", "servicecidrs is forbidden");
    await stage.waiting(800);
    assert.deepEqual(stage.sink.calls, ["replace ServiceCIDR"]);
    assert.match(stage.recording.lines.join(), /WARN.*servicecidrs is forbidden/);
  },
);

inBothEncodings(
  "Reflector does not take Services as empty when the server says that it has none such",
  async (stageOf) => {
    await using stage = stageOf("Service");
    (await stage.server.receive()).refuse(404, "NotFound", "page not found");
    await stage.waiting(800);
    assert.deepEqual(stage.sink.calls, []);
  },
);
