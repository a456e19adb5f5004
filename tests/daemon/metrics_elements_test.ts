import { deepEqual } from "node:assert/strict";
import { allElements } from "../../backends/nftables/full_script.ts";
import { ElementCounts } from "../../daemon/metrics_elements.ts";
import { advance, type Transition } from "../../model/advance.ts";
import { type DesiredState, emptyState } from "../../model/desired_state.ts";
import type { ClusterObject } from "../../model/objects.ts";
import { service, settings, slice, snapshotOf } from "../support/objects.ts";
import { syncFacts } from "../support/sync_facts.ts";

/** Counts, and the state that they should be about. */
class Subject {
  readonly counts = new ElementCounts();
  #state = emptyState("IPv4", settings());

  /** Lets these objects be all of the cluster's. */
  derive(...objects: ClusterObject[]): Transition {
    const snapshot = snapshotOf(...objects);
    const transition = advance(this.#state, { snapshot, settings: settings(), services: "all" });
    this.#state = transition.next;
    this.counts.observer.derived(transition);
    return transition;
  }

  sync(...objects: ClusterObject[]): DesiredState {
    const { next } = this.derive(...objects);
    this.counts.observer.synced(syncFacts());
    return next;
  }

  /** The counts, without the maps that are empty. */
  read(): Record<string, number> {
    return Object.fromEntries([...this.counts.read()].filter(([, size]) => size > 0).toSorted());
  }
}

/** What the backend would write for a state. */
function written(state: DesiredState): Record<string, number> {
  const sizes = new Map<string, number>();
  for (const { map } of allElements(state)) sizes.set(map, (sizes.get(map) ?? 0) + 1);
  return Object.fromEntries([...sizes].toSorted());
}

const web = service("web", { type: "NodePort", ports: [{ nodePort: 30080 }] });
const dns = service("dns", {
  clusterIP: "10.96.0.11",
  clusterIPs: ["10.96.0.11"],
  ports: [{ protocol: "UDP" }],
});
const webSlice = slice("web", ["10.244.1.5", "10.244.1.6"]);

Deno.test("ElementCounts knows nothing before the first sync", () => {
  const subject = new Subject();
  subject.derive(web, webSlice);
  deepEqual(subject.read(), {});
});

Deno.test("ElementCounts counts what a full script writes, and follows every change", () => {
  const subject = new Subject();
  deepEqual(subject.read(), {});
  const steps = [[web, webSlice], [web, webSlice, dns], [web, dns], [dns], []];
  for (const objects of steps) {
    const state = subject.sync(...objects);
    deepEqual(subject.read(), written(state));
    deepEqual(subject.read(), written(state), "a second read says the same");
  }
});

Deno.test("ElementCounts takes in several syncs between two reads", () => {
  const subject = new Subject();
  subject.sync(web);
  subject.read();
  subject.sync(web, webSlice);
  const state = subject.sync(dns);
  deepEqual(subject.read(), written(state));
});

Deno.test("ElementCounts leaves out what a failed sync wanted, until a later one succeeds", () => {
  const subject = new Subject();
  const before = subject.sync(web);
  subject.derive(web, webSlice);
  subject.counts.observer.failed({ ...syncFacts(), error: new Error("nft is away") });
  deepEqual(subject.read(), written(before));
  const after = subject.sync(web, webSlice, dns);
  deepEqual(subject.read(), written(after));
});
