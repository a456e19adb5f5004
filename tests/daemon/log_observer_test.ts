import assert from "node:assert/strict";
import { logObserver } from "../../daemon/log_observer.ts";
import { advance } from "../../model/advance.ts";
import { emptyState } from "../../model/desired_state.ts";
import type { ClusterObject } from "../../model/objects.ts";
import type { Settings } from "../../model/settings.ts";
import { recordingLog } from "../support/log.ts";
import { endpoint, service, settings, slice, snapshotOf } from "../support/objects.ts";

/** A cluster at one moment, and what the node is like then. */
interface Moment {
  readonly objects: readonly ClusterObject[];
  readonly node?: Partial<Settings>;
}

/** Returns the lines that a history of clusters gives, each moment a sync, in a list for each. */
function linesOf(...history: readonly Moment[]): readonly (readonly string[])[] {
  const { log, lines } = recordingLog();
  const observer = logObserver(log);
  let state = emptyState("IPv4", settings());
  return history.map(({ objects, node = {} }) => {
    const before = lines.length;
    const snapshot = snapshotOf(...objects);
    const transition = advance(state, { snapshot, settings: settings(node), services: "all" });
    observer.derived(transition);
    state = transition.next;
    return lines.slice(before);
  });
}

const OLD = service("old", { externalIPs: ["203.0.113.9"] });
const YOUNG = service("young", {
  clusterIP: "10.96.0.11",
  externalIPs: ["203.0.113.9"],
  creationTimestamp: "2026-01-02T00:00:00Z",
});

Deno.test("logObserver() warns once of a conflict, and again when another one takes part", () => {
  const younger = { ...YOUNG, name: "younger", clusterIPs: ["10.96.0.12"] };
  const lines = linesOf(
    { objects: [OLD] },
    { objects: [OLD, YOUNG] },
    { objects: [OLD, YOUNG, slice("old", ["10.244.1.5"])] },
    { objects: [OLD, YOUNG, younger] },
    { objects: [YOUNG] },
  );
  const warning = (names: string) =>
    'WARN  "203.0.113.9 TCP 80" is claimed by more than one Service: "default/old" is the oldest ' +
    `and has it, not ${names} family=IPv4`;
  assert.deepEqual(lines, [
    [],
    [warning('"default/young"')],
    [],
    [warning('"default/young", "default/younger"')],
    [],
  ]);
});

Deno.test("logObserver() warns once of each part of an object that is not used", () => {
  const web = service("web", {
    externalIPs: ["nonsense"],
    type: "LoadBalancer",
    loadBalancerSourceRanges: ["everybody", " 10.0.0.0/8"],
  });
  const bad = slice("web", ["10.244.1.300", "fd00::1", "10.244.1.5"]);
  const lines = linesOf({ objects: [web, bad] }, { objects: [web, bad] });
  assert.deepEqual(lines, [[
    'WARN  Skipped an entry of spec.externalIPs: "nonsense" is not an IP address ' +
    "kind=Service object=default/web family=IPv4",
    'WARN  Skipped an entry of spec.loadBalancerSourceRanges: "everybody" is not a CIDR ' +
    "kind=Service object=default/web family=IPv4",
    'WARN  Skipped an endpoint: "10.244.1.300" is not an IPv4 address ' +
    "kind=EndpointSlice object=default/web-a family=IPv4",
    'WARN  Skipped an endpoint: "fd00::1" is not an IPv4 address ' +
    "kind=EndpointSlice object=default/web-a family=IPv4",
  ], []]);
});

Deno.test("logObserver() says at level debug why hints do not count, once, until they do", () => {
  const hinted = (zone: string) => endpoint("10.244.1.5", { zoneHints: [zone] });
  const objects = (...endpoints: Parameters<typeof slice>[1]) => [
    service("web", { ports: [{ name: "http" }] }),
    slice("web", endpoints, { ports: [{ name: "http", protocol: "TCP", port: 8080 }] }),
  ];
  const line = (reason: string) =>
    `DEBUG Ignored hints for zones: ${reason} port=default/web:http family=IPv4`;
  const node = { zone: "zone-a" };
  const lines = linesOf(
    { objects: objects(hinted("zone-a")) },
    { objects: objects(hinted("zone-a")), node },
    { objects: objects(hinted("zone-a"), "10.244.2.6"), node },
    { objects: objects(hinted("zone-a"), "10.244.2.6", "10.244.2.7"), node },
    { objects: objects(hinted("zone-b")), node },
    { objects: objects("10.244.1.5"), node },
  );
  assert.deepEqual(lines, [
    [line("this node has no zone")],
    [],
    [line("a ready endpoint has none")],
    [],
    [line('no ready endpoint is meant for zone "zone-a"')],
    [],
  ]);
});
