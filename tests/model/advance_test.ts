import assert from "node:assert/strict";
import fc from "fast-check";
import { advance } from "../../model/advance.ts";
import { conflictAbout, describeConflict } from "../../model/conflicts.ts";
import { type DesiredState, emptyState, winner } from "../../model/desired_state.ts";
import type { ClusterObject } from "../../model/objects.ts";
import { type Snapshot, withObject, withoutObject } from "../../model/snapshot.ts";
import { endpointId } from "../../model/endpoint.ts";
import { endpoint, service, settings, slice, snapshotOf } from "../support/objects.ts";
import { stateOf } from "../support/state.ts";
import { arbitraryHistory } from "../support/arbitrary_cluster.ts";

const WEB = [service("web"), slice("web", ["10.244.1.5", "10.244.2.6"])];

Deno.test("A Service with endpoints has a frontend with both in their slots", () => {
  const frontend = winner(stateOf(WEB), "10.96.0.10 TCP 80");
  assert.equal(frontend?.dispatch, "cluster");
  assert.deepEqual(frontend?.cluster.map(endpointId), ["10.244.1.5:8080", "10.244.2.6:8080"]);
});

Deno.test("A change of one Service leaves the state of every other one as it is", () => {
  const other = [service("other", { clusterIP: "10.96.0.11" }), slice("other", ["10.244.1.9"])];
  const before = stateOf([...WEB, ...other]);
  const snapshot = snapshotOf(...other, WEB[0] as ClusterObject, slice("web", ["10.244.1.5"]));
  const change = { snapshot, settings: before.settings, services: new Set(["default/web"]) };
  const transition = advance(before, change);
  assert.equal(transition.next.services.get("default/other"), before.services.get("default/other"));
  assert.notEqual(transition.next.services.get("default/web"), before.services.get("default/web"));
  assert.deepEqual([...transition.frontends], ["10.96.0.10 TCP 80"]);
});

Deno.test("A state that was handed out never changes", () => {
  const before = stateOf(WEB);
  const keys = [...before.claims.keys()];
  advance(before, { snapshot: snapshotOf(), settings: before.settings, services: "all" });
  assert.deepEqual([...before.claims.keys()], keys);
  assert.equal(before.services.size, 1);
});

Deno.test("A Service that goes leaves nothing behind", () => {
  const before = stateOf([
    service("web", { externalIPs: ["192.0.2.1"], type: "NodePort", ports: [{ nodePort: 30080 }] }),
    slice("web", [endpoint("10.244.1.5", { nodeName: "node-a" })]),
  ]);
  assert.equal(before.hairpins.size, 1);
  const { next } = advance(before, {
    snapshot: snapshotOf(),
    settings: before.settings,
    services: new Set(["default/web"]),
  });
  assert.deepEqual(contents(next), contents(emptyState("IPv4", before.settings)));
});

Deno.test("A Service that loses a port, or its cluster IP, loses just what came of it", () => {
  const ports = (["TCP", "UDP", "SCTP"] as const).map((protocol) => ({ name: protocol, protocol }));
  const web = (changes: Parameters<typeof service>[1]) => [
    service("web", { ports, ...changes }),
    ...WEB.slice(1),
  ];
  const cases: readonly { given: Parameters<typeof service>[1]; want: readonly string[] }[] = [
    { given: {}, want: ["10.96.0.10 TCP 80", "10.96.0.10 UDP 80", "10.96.0.10 SCTP 80"] },
    { given: { ports: ports.slice(0, 2) }, want: ["10.96.0.10 TCP 80", "10.96.0.10 UDP 80"] },
    { given: { clusterIP: "None" }, want: [] },
    { given: { clusterIP: "None", ports: [] }, want: [] },
    { given: { type: "ExternalName" }, want: [] },
  ];
  const before = stateOf(web({}));
  for (const { given, want } of cases) {
    const { next } = advance(before, {
      snapshot: snapshotOf(...web(given)),
      settings: before.settings,
      services: new Set(["default/web"]),
    });
    assert.deepEqual([...next.claims.keys()].sort(), [...want].sort());
    assert.equal(next.clusterIPs.has("10.96.0.10"), want.length > 0);
  }
});

Deno.test("A Service that comes and goes between two syncs is no change", () => {
  const before = stateOf(WEB);
  const transition = advance(before, {
    snapshot: snapshotOf(...WEB),
    settings: before.settings,
    services: new Set(["default/brief"]),
  });
  assert.deepEqual([...transition.frontends, ...transition.clusterIPs], []);
  assert.deepEqual(contents(transition.next), contents(before));
});

Deno.test("Slices that come before their Service serve it when it comes", () => {
  const before = stateOf(WEB.slice(1));
  assert.equal(before.claims.size, 0);
  const change = { snapshot: snapshotOf(...WEB), settings: before.settings };
  const { next } = advance(before, { ...change, services: new Set(["default/web"]) });
  assert.equal(winner(next, "10.96.0.10 TCP 80")?.cluster.length, 2);
});

Deno.test("Under policy Local traffic that was dropped is rejected once no slice is left", () => {
  const web = service("web", { internalTrafficPolicy: "Local" });
  const dispatch = (...objects: ClusterObject[]) =>
    winner(stateOf([web, ...objects]), "10.96.0.10 TCP 80")?.dispatch;
  assert.equal(dispatch(slice("web", ["10.244.2.6"])), "drop");
  assert.equal(dispatch(), "reject");
});

Deno.test("Two Services with the same local endpoint share one hairpin entry until both are gone", () => {
  const local = [endpoint("10.244.1.5", { nodeName: "node-a" })];
  const web = [service("web"), slice("web", local)];
  const api = [service("api", { clusterIP: "10.96.0.11" }), slice("api", local)];
  const before = stateOf([...web, ...api]);
  assert.equal(before.hairpins.get("10.244.1.5"), 2);
  const { next } = advance(before, {
    snapshot: snapshotOf(...api),
    settings: before.settings,
    services: new Set(["default/web"]),
  });
  assert.equal(next.hairpins.get("10.244.1.5"), 1);
});

const CONTESTED: readonly { name: string; key: string; claim: Parameters<typeof service>[1] }[] = [
  { name: "external IP", key: "192.0.2.1 TCP 80", claim: { externalIPs: ["192.0.2.1"] } },
  {
    name: "load balancer IP",
    key: "192.0.2.1 TCP 80",
    claim: { type: "LoadBalancer", ingress: [{ ip: "192.0.2.1", ipMode: "VIP" }] },
  },
  {
    name: "node port",
    key: "* TCP 30080",
    claim: { type: "NodePort", ports: [{ nodePort: 30080 }] },
  },
];

for (const { name, key, claim } of CONTESTED) {
  Deno.test(`Three Services claim one ${name}: age decides, then the name, and each takes over from the one before`, () => {
    const heirs = [
      service("z-old", { ...claim, clusterIP: "10.96.0.11" }),
      service("b-young", {
        ...claim,
        clusterIP: "10.96.0.12",
        creationTimestamp: "2026-02-01T00:00:00Z",
      }),
      service("c-young", {
        ...claim,
        clusterIP: "10.96.0.13",
        creationTimestamp: "2026-02-01T00:00:00Z",
      }),
    ];
    let state = stateOf(heirs.toReversed());
    for (const [index, heir] of heirs.entries()) {
      assert.equal(winner(state, key)?.owner.name, `default/${heir.name}`);
      assert.equal(conflictAbout(state, key)?.losers.length ?? 0, 2 - index);
      state = advance(state, {
        snapshot: snapshotOf(...heirs.slice(index + 1)),
        settings: state.settings,
        services: new Set([`default/${heir.name}`]),
      }).next;
    }
    assert.equal(winner(state, key), undefined);
  });
}

Deno.test("Of two Services with one external IP and port the older one has it, and the other one when it goes", () => {
  const young = service("a-young", {
    creationTimestamp: "2026-02-01T00:00:00Z",
    externalIPs: ["192.0.2.1"],
  });
  const old = service("z-old", {
    creationTimestamp: "2026-01-01T00:00:00Z",
    clusterIP: "10.96.0.11",
    externalIPs: ["192.0.2.1"],
  });
  const key = "192.0.2.1 TCP 80";
  for (const objects of [[young, old], [old, young]]) {
    const state = stateOf(objects);
    assert.equal(winner(state, key)?.owner.service, "default/z-old");
    const conflict = conflictAbout(state, key);
    assert.ok(conflict);
    assert.match(
      describeConflict(conflict),
      /"default\/z-old" is the oldest.*not "default\/a-young"/,
    );
    const { next } = advance(state, {
      snapshot: snapshotOf(young),
      settings: state.settings,
      services: new Set(["default/z-old"]),
    });
    assert.equal(winner(next, key)?.owner.service, "default/a-young");
    assert.equal(conflictAbout(next, key), undefined);
  }
});

const CLAIMS_OF_CLUSTER_IPS: readonly { name: string; claim: Parameters<typeof service>[1] }[] = [
  { name: "external IP", claim: { externalIPs: ["10.96.0.12"] } },
  {
    name: "load balancer IP",
    claim: { type: "LoadBalancer", ingress: [{ ip: "10.96.0.12", ipMode: "VIP" }] },
  },
];

for (const { name, claim } of CLAIMS_OF_CLUSTER_IPS) {
  Deno.test(`A cluster IP is its Service's own, whichever older Service has it as its ${name}`, () => {
    const older = ["a", "b"].map((letter, index) =>
      service(`${letter}-old`, { ...claim, clusterIP: `10.96.0.2${index}` })
    );
    const young = service("z-young", {
      creationTimestamp: "2026-02-01T00:00:00Z",
      clusterIP: "10.96.0.12",
    });
    const key = "10.96.0.12 TCP 80";
    for (const objects of [[...older, young], [young, ...older.toReversed()]]) {
      const state = stateOf(objects);
      const conflict = conflictAbout(state, key);
      assert.ok(conflict);
      assert.deepEqual(
        [conflict.winner, ...conflict.losers].map(({ owner }) => owner.service),
        ["default/z-young", "default/a-old", "default/b-old"],
      );
      assert.match(describeConflict(conflict), /"default\/z-young" has it as its cluster IP, not /);
      const change = { snapshot: snapshotOf(...older), settings: state.settings };
      const { next } = advance(state, { ...change, services: new Set(["default/z-young"]) });
      assert.equal(winner(next, key)?.owner.service, "default/a-old");
    }
  });
}

Deno.test("Of two Services with one cluster IP the older one has it", () => {
  const young = service("a-young", { creationTimestamp: "2026-02-01T00:00:00Z" });
  const state = stateOf([young, service("z-old")]);
  const conflict = conflictAbout(state, "10.96.0.10 TCP 80");
  assert.equal(conflict?.winner.owner.service, "default/z-old");
  assert.match(conflict ? describeConflict(conflict) : "", /"default\/z-old" is the oldest/);
});

Deno.test("A Service whose external IP is also its load balancer IP is in no conflict with itself", () => {
  const state = stateOf([
    service("web", { externalIPs: ["192.0.2.1"], ingress: [{ ip: "192.0.2.1", ipMode: "VIP" }] }),
  ]);
  assert.equal(conflictAbout(state, "192.0.2.1 TCP 80"), undefined);
});

Deno.test("A slice that changes its Service leaves the old one", () => {
  const before = snapshotOf(...WEB, service("api", { clusterIP: "10.96.0.11" }));
  const touched = new Set<string>();
  const moved = withObject(before, slice("api", ["10.244.1.5"], { name: "web-a" }), touched);
  assert.deepEqual([...touched].sort(), ["default/api", "default/web"]);
  assert.equal(moved.slices.get("default/web"), undefined);
  assert.equal(moved.slices.get("default/api")?.length, 1);
});

Deno.test("A node that moves to another zone gets all its endpoints chosen anew", () => {
  const hinted = ["zone-a", "zone-b"].map((zone, index) =>
    endpoint(`10.244.1.${index}`, { zoneHints: [zone] })
  );
  const objects = [service("web"), slice("web", hinted)];
  const before = stateOf(objects, { settings: settings({ zone: "zone-a" }) });
  const { next } = advance(before, {
    snapshot: snapshotOf(...objects),
    settings: settings({ zone: "zone-b" }),
    services: new Set(),
  });
  const ids = winner(next, "10.96.0.10 TCP 80")?.cluster.map(endpointId);
  assert.deepEqual(ids, ["10.244.1.1:8080"]);
});

Deno.test("A node that gets to know its address admits load balancers' own addresses by it", () => {
  const objects = [
    service("web", {
      type: "LoadBalancer",
      ingress: [{ ip: "203.0.113.1", ipMode: "VIP" }],
      loadBalancerSourceRanges: ["192.0.2.0/24"],
    }),
  ];
  const before = stateOf(objects, { settings: settings({ nodeAddress: undefined }) });
  const admitted = (state: DesiredState) => winner(state, "203.0.113.1 TCP 80")?.allowedSources;
  assert.deepEqual(admitted(before), ["192.0.2.0/24"]);
  const { next } = advance(before, {
    snapshot: snapshotOf(...objects),
    settings: settings({ nodeAddress: "192.0.2.10" }),
    services: new Set(),
  });
  assert.deepEqual(admitted(next), ["192.0.2.0/24", "203.0.113.1/32"]);
});

Deno.test("Any history of changes ends in the state that is derived from its last snapshot at once", () => {
  fc.assert(
    fc.property(arbitraryHistory(), (history) => {
      let snapshot: Snapshot = snapshotOf();
      let state = emptyState("IPv4", settings());
      for (const step of history) {
        const touched = new Set<string>();
        snapshot = step.do === "upsert"
          ? withObject(snapshot, frozen(step.object), touched)
          : withoutObject(snapshot, step.kind, step.key, touched);
        state = advance(state, { snapshot, settings: settings(), services: touched }).next;
      }
      const fresh = advance(emptyState("IPv4", settings()), {
        snapshot,
        settings: settings(),
        services: "all",
      }).next;
      assert.deepEqual(contents(state), contents(fresh));
    }),
    { numRuns: 200 },
  );
});

/** Makes every attempt to change an object an error. */
function frozen<T>(value: T): T {
  if (typeof value === "object" && value !== null) {
    Object.values(Object.freeze(value)).forEach(frozen);
  }
  return value;
}

/** Everything that a state says, with endpoints sorted: their slots depend on history. */
function contents(state: DesiredState): unknown {
  return {
    clusterIPs: state.clusterIPs.toObject(),
    hairpins: state.hairpins.toObject(),
    localOnly: state.localOnly.toObject(),
    services: [...state.services.keys()].sort(),
    claims: Object.fromEntries(
      [...state.claims].sort(([a], [b]) => a < b ? -1 : 1).map(([key, claims]) => [
        key,
        claims.map((claim) => [
          claim.owner.name,
          claim.dispatch,
          claim.cluster.map(endpointId).sort(),
          claim.local.map(endpointId).sort(),
        ]),
      ]),
    ),
  };
}
