import { deepEqual } from "node:assert/strict";
import { afterwards, type SyncObserver } from "../../daemon/sync_observer.ts";
import { advance, type Transition } from "../../model/advance.ts";
import { emptyState } from "../../model/desired_state.ts";
import { service, settings, snapshotOf } from "../support/objects.ts";
import { syncFacts } from "../support/sync_facts.ts";

function transition(name: string): Transition {
  const change = { snapshot: snapshotOf(service(name)), settings: settings(), services: "all" };
  return advance(emptyState("IPv4", settings()), change as Parameters<typeof advance>[1]);
}

/** An observer, and what it was told. */
function recording() {
  const told: string[] = [];
  const observer: SyncObserver = {
    derived: ({ services }) => void told.push(`derived ${[...services]}`),
    synced: () => void told.push("synced"),
    failed: () => void told.push("failed"),
    untidy: () => void told.push("untidy"),
  };
  return { told, observer };
}

Deno.test("afterwards() tells of a state when its sync has ended, well or not", () => {
  const { told, observer } = recording();
  const late = afterwards(observer);
  late.derived(transition("a"));
  deepEqual(told, []);
  late.synced(syncFacts());
  late.untidy("IPv4", new Error("busy"));
  late.derived(transition("b"));
  late.failed({ ...syncFacts(), error: new Error("nft is away") });
  late.synced(syncFacts());
  deepEqual(told, [
    ...["derived default/a", "synced", "untidy"],
    ...["derived default/b", "failed", "synced"],
  ]);
});

Deno.test("afterwards() leaves out no state, and keeps their order", () => {
  const { told, observer } = recording();
  const late = afterwards(observer);
  for (const name of ["a", "b"]) late.derived(transition(name));
  late.synced(syncFacts());
  deepEqual(told, ["derived default/a", "derived default/b", "synced"]);
});
