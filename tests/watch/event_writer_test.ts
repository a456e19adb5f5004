import assert from "node:assert/strict";
import { ApiError } from "../../watch/api_error.ts";
import { type Client, createClient } from "../../watch/client.ts";
import { createEventWriter, type EventNotice } from "../../watch/event_writer.ts";
import { FakeClock } from "../support/fake_clock.ts";

/** The Events of an API server that keeps them by name, as a real one does. */
class EventServer implements AsyncDisposable {
  readonly clock = new FakeClock();
  /** `POST path`, `PUT path`. */
  readonly requests: string[] = [];
  readonly events = new Map<string, Record<string, unknown>>();
  /** Refuses everything with this code. */
  refusal: number | undefined;
  readonly client: Client;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #stop = new AbortController();

  constructor() {
    const options = { hostname: "127.0.0.1", port: 0, signal: this.#stop.signal, onListen() {} };
    this.#server = Deno.serve(options, (request) => this.#handle(request));
    this.client = createClient({
      server: `http://127.0.0.1:${this.#server.addr.port}`,
      credentials: { current: () => Promise.resolve({}), invalidate() {} },
      clock: this.clock,
    });
  }

  /** Returns the writer of a process on machine `hostname` that starts now. */
  writer(hostname = "host-a") {
    const writer = createEventWriter({ client: this.client, hostname, clock: this.clock });
    return (notice: EventNotice, count = 1) => {
      const last = this.clock.now();
      const first = last - 60_000 * (count - 1);
      return writer.write(notice, { count, first, last }, this.#stop.signal);
    };
  }

  /** The only Event that there is. */
  get only(): Record<string, unknown> {
    assert.equal(this.events.size, 1);
    return [...this.events.values()][0] ?? {};
  }

  async #handle(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    this.requests.push(`${request.method} ${pathname}`);
    const event = await request.json();
    const refuse = (code: number, reason: string) =>
      Response.json({ kind: "Status", reason, message: reason, code }, { status: code });
    if (this.refusal !== undefined) return refuse(this.refusal, "Refused");
    const { name } = event.metadata;
    if (request.method === "POST" && this.events.has(name)) return refuse(409, "AlreadyExists");
    this.events.set(name, event);
    return Response.json(event, { status: 201 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.close();
    this.#stop.abort();
    await this.#server.finished;
  }
}

function notice(changes: Partial<EventNotice> = {}): EventNotice {
  return {
    type: "Warning",
    reason: "PortConflict",
    action: "ProgramRules",
    note: "Somebody else has it",
    regarding: {
      apiVersion: "v1",
      kind: "Service",
      namespace: "shop",
      name: "web",
      uid: "uid-web",
    },
    scope: "cluster",
    ...changes,
  };
}

Deno.test("An Event is written in kube-proxy's name, into the namespace of its subject", async () => {
  await using server = new EventServer();
  await server.writer()(notice());
  assert.deepEqual(server.requests, ["POST /apis/events.k8s.io/v1/namespaces/shop/events"]);
  const { metadata, ...event } = server.only as { metadata: { namespace: string; name: string } };
  assert.equal(metadata.namespace, "shop");
  assert.match(metadata.name, /^web\.[0-9a-f]{16}$/);
  assert.deepEqual(event, {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    eventTime: "2026-01-02T03:04:05.000000Z",
    reportingController: "kube-proxy",
    reportingInstance: "kube-proxy-host-a",
    type: "Warning",
    reason: "PortConflict",
    action: "ProgramRules",
    note: "Somebody else has it",
    regarding: notice().regarding,
  });
});

Deno.test("An Event about an object without namespace goes to default", async () => {
  await using server = new EventServer();
  const node = { apiVersion: "v1", kind: "Node", namespace: "", name: "node-a", uid: "node-a" };
  await server.writer()(notice({ regarding: node }));
  assert.deepEqual(server.requests, ["POST /apis/events.k8s.io/v1/namespaces/default/events"]);
});

Deno.test("What all nodes find is one Event, whoever finds it and how often", async () => {
  await using server = new EventServer();
  await server.writer("host-a")(notice());
  await server.writer("host-b")(notice());
  await server.clock.advance(60_000);
  await server.writer("host-a")(notice(), 2);
  assert.equal(server.only.eventTime, "2026-01-02T03:04:05.000000Z");
  assert.equal(server.only.series, undefined);
});

Deno.test("What one node finds is an Event of each node and each process", async () => {
  await using server = new EventServer();
  const own = notice({ scope: "node" });
  await server.writer("host-a")(own);
  await server.writer("host-b")(own);
  await server.clock.advance(1_000);
  await server.writer("host-a")(own);
  assert.equal(server.events.size, 3);
});

Deno.test("What one node finds again and again becomes a series", async () => {
  await using server = new EventServer();
  const write = server.writer();
  const own = notice({ scope: "node" });
  await write(own);
  const { eventTime } = server.only;
  await server.clock.advance(4 * 60_000);
  await write(own, 5);
  assert.equal(server.only.eventTime, eventTime);
  assert.deepEqual(server.only.series, {
    count: 5,
    lastObservedTime: "2026-01-02T03:08:05.000000Z",
  });
  assert.match(server.requests[1] ?? "", /^PUT .*\/namespaces\/shop\/events\/web\.[0-9a-f]{16}$/);
});

const DIFFERENT: readonly Partial<EventNotice>[] = [
  { note: "Somebody else has another one" },
  { reason: "SkippedPart" },
  { regarding: { ...notice().regarding, uid: "uid-of-its-successor" } },
];

for (const changes of DIFFERENT) {
  Deno.test(`Another ${Object.keys(changes).join()} makes another Event`, async () => {
    await using server = new EventServer();
    const write = server.writer();
    await write(notice());
    await write(notice(changes));
    assert.equal(server.events.size, 2);
  });
}

interface NoteCase {
  readonly name: string;
  readonly note: string;
  readonly want: string;
}

const NOTES: readonly NoteCase[] = [
  { name: "1,024 bytes stay", note: "a".repeat(1024), want: "a".repeat(1024) },
  { name: "more are cut", note: "a".repeat(1025), want: `${"a".repeat(1021)}...` },
  { name: "no letter is cut in two", note: "ä".repeat(600), want: `${"ä".repeat(510)}...` },
];

for (const { name, note, want } of NOTES) {
  Deno.test(`The note of an Event fits into what the API server accepts: ${name}`, async () => {
    await using server = new EventServer();
    await server.writer()(notice({ note }));
    assert.equal(server.only.note, want);
  });
}

Deno.test("The name of an Event about an object with the longest name fits", async () => {
  await using server = new EventServer();
  const regarding = { ...notice().regarding, name: "n".repeat(253) };
  await server.writer()(notice({ regarding }));
  const [name = ""] = server.events.keys();
  assert.equal(name.length, 253);
});

Deno.test("Any other refusal is an error", async () => {
  await using server = new EventServer();
  server.refusal = 403;
  await assert.rejects(server.writer()(notice()), ApiError);
  await assert.rejects(server.writer()(notice({ scope: "node" }), 2), ApiError);
});
