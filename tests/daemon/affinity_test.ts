import assert from "node:assert/strict";
import { watchAffinity } from "../../daemon/affinity.ts";
import { createMetrics } from "../../daemon/metrics.ts";
import type { ServicePort } from "../../model/service_port.ts";
import type { EventNotice } from "../../watch/event_writer.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { recordingLog } from "../support/log.ts";
import { service, serviceSubject, slice, snapshotOf } from "../support/objects.ts";
import { stateOf } from "../support/state.ts";

const MINUTE = 60_000;

const OBJECTS = [
  service("web", { sessionAffinity: "ClientIP", ports: [{ name: "http" }] }),
  slice("web", ["10.244.1.5"]),
];

const [PORT] = [...stateOf(OBJECTS).services.values()].flatMap(({ ports }) =>
  ports.map(({ port }) => port)
) as [ServicePort];

const FULL =
  "WARN  A Service port has more clients than its session affinity can remember: further ones get an endpoint at random " +
  "with each connection family=IPv4 port=default/web:http/TCP clients=131072";
const RECOVERED =
  "INFO  All clients of a Service port are remembered again family=IPv4 port=default/web:http/TCP";

/** Watches for as many minutes as there are answers, and returns all that was told. */
async function watched(...answers: readonly (readonly ServicePort[] | Error)[]) {
  const clock = new FakeClock();
  const metrics = createMetrics();
  const { log, lines } = recordingLog();
  const notices: EventNotice[] = [];
  const gauges: string[] = [];
  const left = [...answers];
  const stop = new AbortController();
  const running = watchAffinity({
    backend: {
      family: "IPv4",
      unlearned: () => {
        const answer = left.shift() ?? [];
        return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
      },
    },
    clock,
    metrics,
    recorder: { record: (notice) => void notices.push(notice) },
    nodeName: "node-a",
    snapshot: () => snapshotOf(...OBJECTS),
    log,
  }, stop.signal);
  for (const _ of answers) {
    await clock.advance(MINUTE);
    gauges.push(/^weir_affinity_full_ports\{.*\} (.*)$/m.exec(await metrics.text())?.[1] ?? "none");
  }
  stop.abort();
  await running;
  assert.equal(left.length, 0, "one look a minute");
  return { lines: lines.filter((line) => !line.startsWith("DEBUG")), notices, gauges };
}

Deno.test("A port with more clients than can be remembered is logged once until there is room", async () => {
  const { lines, gauges } = await watched([], [PORT], [PORT], [], [PORT]);
  assert.deepEqual(lines, [FULL, RECOVERED, FULL]);
  assert.deepEqual(gauges, ["0", "1", "1", "0", "1"]);
});

Deno.test("Its Service gets an Event for as long as it lasts", async () => {
  const { notices } = await watched([PORT], [PORT], []);
  const notice = {
    type: "Warning",
    reason: "SessionAffinityFull",
    action: "RememberClient",
    note: 'Port "http" has more than 131072 clients on node "node-a": ' +
      "further ones get an endpoint at random with each connection",
    regarding: serviceSubject("web"),
    scope: "node",
  } as const;
  assert.deepEqual(notices, [notice, notice], "the recorder counts repeated ones");
});

Deno.test("A look that fails says nothing about ports", async () => {
  const { lines, gauges } = await watched([PORT], new Error("nft is busy"), [PORT]);
  assert.deepEqual(lines, [FULL]);
  assert.deepEqual(gauges, ["1", "1", "1"]);
});
