import assert from "node:assert/strict";
import fc from "fast-check";
import { fullScript } from "../../backends/nftables/full_script.ts";
import { type Nft, spawnedNft } from "../../backends/nftables/nft.ts";
import { NftablesBackend } from "../../backends/nftables/nftables_backend.ts";
import { advance } from "../../model/advance.ts";
import { systemClock } from "../../model/clock.ts";
import { type DesiredState, emptyState } from "../../model/desired_state.ts";
import { FAMILIES, type Family } from "../../model/family.ts";
import type { ClusterObject, ObjectKey } from "../../model/objects.ts";
import type { Settings } from "../../model/settings.ts";
import { keysOf } from "../../model/snapshot.ts";
import { arbitraryCluster } from "../support/arbitrary_cluster.ts";
import { flushRules, kernelTest, nft, nftWith } from "../support/kernel.ts";
import { canonicalListing } from "../support/nft_listing.ts";
import { service, settings, slice, snapshotOf } from "../support/objects.ts";
import { stateOf } from "../support/state.ts";

const CLUSTER = [
  service("web"),
  slice("web", ["10.244.1.5", "10.244.2.6"]),
  service("api", { clusterIP: "10.96.0.11" }),
  slice("api", ["10.244.1.7"]),
];

function backendFor(family: Family = "IPv4", nft: Nft = spawnedNft()): NftablesBackend {
  return new NftablesBackend(family, { nft, clock: systemClock });
}

async function listing(family: Family = "IPv4"): Promise<readonly string[]> {
  return canonicalListing(await nft("list", "table", family === "IPv4" ? "ip" : "ip6", "weir"));
}

/** Derives states of one cluster, in which more and more Services are taken in. */
class Loading {
  readonly #objects: readonly ClusterObject[];
  state: DesiredState;

  constructor(objects: readonly ClusterObject[], family: Family = "IPv4") {
    this.#objects = objects;
    this.state = emptyState(family, settings({}, family));
  }

  get keys(): readonly ObjectKey[] {
    return keysOf(snapshotOf(...this.#objects), "Service");
  }

  next(services: readonly ObjectKey[], changes: Partial<Settings> = {}) {
    const transition = advance(this.state, {
      snapshot: snapshotOf(...this.#objects),
      settings: { ...this.state.settings, ...changes },
      services: new Set(services),
    });
    this.state = transition.next;
    return transition;
  }
}

kernelTest(
  "What is loaded ahead meets no packet before the first apply, and all of them after it",
  async () => {
    await flushRules();
    const backend = backendFor();
    const loading = new Loading(CLUSTER);
    assert.equal(await backend.loadAhead(loading.next(["default/web"])), true);
    const ahead = await nft("list", "table", "ip", "weir");
    assert.match(ahead, /10\.244\.2\.6/);
    assert.doesNotMatch(ahead, /hook/);
    const report = await backend.apply(loading.next(["default/api"]), { full: true });
    assert.equal(report.mode, "full");
    assert.equal(report.fallback, undefined);
    assert.match(await nft("list", "chains", "ip"), /hook prerouting/);
  },
);

kernelTest(
  "Loading ahead in any portions ends in the same ruleset as one full script, in both families",
  async () => {
    const portions = fc.array(fc.nat({ max: 3 }), { maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(arbitraryCluster(), portions, async (objects, sizes) => {
        for (const family of FAMILIES) {
          await flushRules();
          await nftWith(fullScript(stateOf(objects, { family })), "-f", "-");
          const want = await listing(family);
          await flushRules();
          const backend = backendFor(family);
          const loading = new Loading(objects, family);
          const waiting = [...loading.keys];
          for (const size of sizes) {
            assert.equal(await backend.loadAhead(loading.next(waiting.splice(0, size))), true);
          }
          await backend.apply(loading.next(waiting), { full: true });
          assert.deepEqual(await listing(family), want);
        }
      }),
      { numRuns: 12 },
    );
  },
);

kernelTest(
  "Settings that change while Services are loaded ahead are those that come into force",
  async () => {
    await flushRules();
    const backend = backendFor();
    const loading = new Loading(CLUSTER);
    await backend.loadAhead(loading.next(["default/web"]));
    const changes = {
      masqueradeBit: 7,
      serviceCIDRs: ["10.64.0.0/16"],
      localAddresses: ["192.0.2.9"],
    };
    await backend.apply(loading.next(loading.keys, changes), { full: true });
    const after = await nft("list", "table", "ip", "weir");
    assert.match(after, /10\.64\.0\.0\/16/);
    assert.match(after, /0x00000080/);
  },
);

kernelTest(
  "Nothing is loaded ahead over the rules of an earlier run: they stay in force",
  async () => {
    await flushRules();
    const loading = new Loading(CLUSTER);
    await backendFor().apply(loading.next(loading.keys), { full: true });
    const before = await listing();
    const again = new Loading(CLUSTER.slice(0, 2));
    const backend = backendFor();
    assert.equal(await backend.loadAhead(again.next(["default/web"])), false);
    assert.deepEqual(await listing(), before);
    await backend.apply(again.next([]), { full: true });
    assert.doesNotMatch(await nft("list", "table", "ip", "weir"), /10\.96\.0\.11/);
  },
);

kernelTest(
  "A process that ended while it loaded ahead leaves nothing that its successor cannot replace",
  async () => {
    await flushRules();
    await backendFor().loadAhead(new Loading(CLUSTER).next(["default/web"]));
    const loading = new Loading(CLUSTER.slice(2));
    const backend = backendFor();
    assert.equal(await backend.loadAhead(loading.next(["default/api"])), false);
    await backend.apply(loading.next([]), { full: true });
    const after = await nft("list", "table", "ip", "weir");
    assert.match(after, /10\.244\.1\.7/);
    assert.doesNotMatch(after, /10\.244\.1\.5/);
  },
);

/** Of the transactions of the first portion: the one that makes the parts, and the one with the elements. */
for (const failing of [2, 3]) {
  kernelTest(
    `When transaction ${failing} of loading ahead fails, the first apply writes everything`,
    async () => {
      await flushRules();
      const real = spawnedNft();
      let calls = 0;
      const failsOnce: Nft = {
        ...real,
        apply: (script, signal) =>
          ++calls === failing ? Promise.reject(new Error("No memory")) : real.apply(script, signal),
      };
      const backend = backendFor("IPv4", failsOnce);
      const loading = new Loading(CLUSTER);
      await assert.rejects(backend.loadAhead(loading.next(["default/web"])), /No memory/);
      const report = await backend.apply(loading.next(["default/api"]), { full: true });
      assert.equal(report.fallback, undefined);
      const after = await listing();
      await flushRules();
      await nftWith(fullScript(loading.state), "-f", "-");
      assert.deepEqual(after, await listing());
    },
  );
}

kernelTest(
  "A table of kube-proxy's stays in force while Services are loaded ahead, and leaves with the switch",
  async () => {
    await flushRules();
    await nft("add", "table", "ip", "kube-proxy");
    await nft("add", "chain", "ip", "kube-proxy", "services");
    const backend = backendFor();
    const loading = new Loading(CLUSTER);
    await backend.loadAhead(loading.next(["default/web"]));
    assert.match(await nft("list", "tables"), /kube-proxy/);
    const report = await backend.apply(loading.next(["default/api"]), { full: true });
    assert.equal(report.tookOver, true);
    assert.doesNotMatch(await nft("list", "tables"), /kube-proxy/);
  },
);
