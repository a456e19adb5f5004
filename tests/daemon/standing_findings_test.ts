import { deepEqual } from "node:assert/strict";
import { StandingFindings } from "../../daemon/standing_findings.ts";
import { advance } from "../../model/advance.ts";
import { emptyState } from "../../model/desired_state.ts";
import type { ClusterObject } from "../../model/objects.ts";
import { service, settings, slice, snapshotOf } from "../support/objects.ts";

/** Lets each list of objects be all of a cluster's, one after the other, and returns what `read` says after each. */
function over<Result>(
  clusters: readonly (readonly ClusterObject[])[],
  read: (findings: StandingFindings) => Result,
): Result[] {
  const findings = new StandingFindings();
  let state = emptyState("IPv4", settings());
  return clusters.map((objects) => {
    const snapshot = snapshotOf(...objects);
    const transition = advance(state, { snapshot, settings: settings(), services: "all" });
    state = transition.next;
    findings.observer("IPv4").derived(transition);
    return read(findings);
  });
}

const one = service("one", {
  type: "NodePort",
  externalIPs: ["203.0.113.9"],
  ports: [{ nodePort: 30080 }],
});
const two = { ...one, name: "two", clusterIP: "10.96.0.11", clusterIPs: ["10.96.0.11"] };
const three = { ...one, name: "three", clusterIP: "10.96.0.12", clusterIPs: ["10.96.0.12"] };
const bad = slice("one", ["10.244.1.300", "10.244.1.301", "10.244.1.5"]);

Deno.test("StandingFindings counts the addresses that more than one Service claims, while they do", () => {
  const clusters = [[one], [one, two], [one, two, three], [two, three], [three], []];
  const counts = over(clusters, (findings) => findings.counts("IPv4").conflicts);
  deepEqual(counts, [0, 2, 2, 2, 0, 0]);
});

Deno.test("StandingFindings counts the parts that cannot be used, while they are there", () => {
  const counts = over(
    [[one], [one, bad], [one, two, bad], [two]],
    (findings) => findings.counts("IPv4"),
  );
  deepEqual(counts.map(({ problems }) => problems), [0, 2, 2, 0]);
});

Deno.test("StandingFindings says nothing of a family in which nothing is wrong", () => {
  const counts = over([[one, two, bad]], (findings) => findings.counts("IPv6"));
  deepEqual(counts, [{ problems: 0, conflicts: 0 }]);
});

Deno.test("StandingFindings lists what is wrong in sentences, as many as are asked for", () => {
  const [all, some] = [20, 2].map((most) => over([[one, two, bad]], (it) => it.list(most))[0]);
  deepEqual(all, [
    '"203.0.113.9 TCP 80" is claimed by more than one Service: "default/one" is the oldest and has it, ' +
    'not "default/two"',
    '"* TCP 30080" is claimed by more than one Service: "default/one" is the oldest and has it, ' +
    'not "default/two"',
    ...all?.slice(2) ?? [],
  ]);
  deepEqual(all?.length, 4);
  deepEqual(some, all?.slice(0, 2));
});
