import assert from "node:assert/strict";
import { eventObserver } from "../../daemon/event_observer.ts";
import { EventRecorder } from "../../daemon/events.ts";
import { advance } from "../../model/advance.ts";
import { emptyState } from "../../model/desired_state.ts";
import type { ClusterObject } from "../../model/objects.ts";
import type { EventNotice } from "../../watch/event_writer.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { recordingLog } from "../support/log.ts";
import {
  endpoint,
  service,
  serviceSubject,
  settings,
  slice,
  snapshotOf,
} from "../support/objects.ts";

const OLD = service("old", { externalIPs: ["203.0.113.9"] });
const YOUNG = service("young", {
  clusterIP: "10.96.0.11",
  externalIPs: ["203.0.113.9"],
  creationTimestamp: "2026-01-02T00:00:00Z",
});

/** Returns the Events that a history of clusters gives, each list of objects a sync. */
async function eventsOf(...history: readonly (readonly ClusterObject[])[]): Promise<EventNotice[]> {
  const notices: EventNotice[] = [];
  const clock = new FakeClock();
  const { log } = recordingLog();
  const stop = new AbortController();
  const writer = {
    write: (notice: EventNotice) => {
      notices.push(notice);
      return Promise.resolve();
    },
  };
  const recorder = new EventRecorder({ writer, clock, log });
  const running = recorder.run(stop.signal);
  let snapshot = snapshotOf();
  let state = emptyState("IPv4", settings());
  const observer = eventObserver(recorder, () => snapshot);
  for (const objects of history) {
    snapshot = snapshotOf(...objects);
    const change = { snapshot, settings: state.settings, services: "all" } as const;
    const transition = advance(state, change);
    state = transition.next;
    observer.derived(transition);
  }
  await clock.advance(60_000);
  stop.abort();
  await running;
  return notices;
}

Deno.test("The Service that loses an address gets an Event that names the older one", async () => {
  assert.deepEqual(await eventsOf([OLD, YOUNG]), [{
    type: "Warning",
    reason: "PortConflict",
    action: "ProgramRules",
    note: '203.0.113.9:80/TCP belongs to Service "default/old", which is older: ' +
      "this one gets it when that one goes",
    regarding: serviceSubject("young"),
    scope: "cluster",
  }]);
});

Deno.test("A conflict that stays is no new Event, whatever else changes", async () => {
  const events = await eventsOf(
    [OLD, YOUNG],
    [OLD, YOUNG, slice("old", ["10.244.1.5"])],
    [OLD, YOUNG, service("other", { clusterIP: "10.96.0.12" })],
  );
  assert.equal(events.length, 1);
});

Deno.test("Everyone who loses a node port gets an Event", async () => {
  const names = ["a", "b", "c"];
  const services = names.map((name, index) =>
    service(name, {
      clusterIP: `10.96.0.2${index}`,
      type: "NodePort",
      ports: [{ nodePort: 30080 }],
    })
  );
  const events = await eventsOf(services);
  assert.deepEqual(events.map(({ regarding }) => regarding.name), ["b", "c"]);
  assert.match(events[0]?.note ?? "", /^Node port 30080\/TCP belongs to Service "default\/a"/);
});

Deno.test("An object gets an Event for each of its parts that is not used", async () => {
  const web = service("web", { externalIPs: ["not-an-ip"] });
  const bad = slice("web", [endpoint("300.1.1.1"), "10.244.1.5"], { addressType: "IPv4" });
  const events = await eventsOf([web, bad], [web, bad]);
  assert.deepEqual(
    events.map(({ reason, regarding: { apiVersion, kind, name, uid }, note }) => [
      ...[reason, apiVersion, kind, name, uid, note],
    ]),
    [
      [
        "SkippedPart",
        "v1",
        "Service",
        "web",
        "uid-web",
        'Skipped an entry of spec.externalIPs: "not-an-ip" is not an IP address',
      ],
      [
        "SkippedPart",
        "discovery.k8s.io/v1",
        "EndpointSlice",
        "web-a",
        "uid-web-a",
        'Skipped an endpoint: "300.1.1.1" is not an IPv4 address',
      ],
    ],
  );
});

Deno.test("A cluster in order gives no Events", async () => {
  assert.deepEqual(await eventsOf([OLD, slice("old", ["10.244.1.5"])], []), []);
});
