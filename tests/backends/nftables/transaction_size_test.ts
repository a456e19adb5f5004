import assert from "node:assert/strict";
import { UNKNOWN_TABLE } from "../../../backends/nftables/full_script.ts";
import type { Nft } from "../../../backends/nftables/nft.ts";
import { NftablesBackend } from "../../../backends/nftables/nftables_backend.ts";
import { advance } from "../../../model/advance.ts";
import { systemClock } from "../../../model/clock.ts";
import { emptyState } from "../../../model/desired_state.ts";
import type { ClusterObject, ObjectKey } from "../../../model/objects.ts";
import { type Snapshot, withList, withObject } from "../../../model/snapshot.ts";
import { EMPTY_SNAPSHOT } from "../../../model/snapshot.ts";
import { service, settings, slice } from "../../support/objects.ts";

/** Counts what it is given and takes all of it. */
class CountingNft implements Nft {
  scripts: string[] = [];

  apply(script: Iterable<string>): Promise<void> {
    this.scripts.push([...script].join(""));
    return Promise.resolve();
  }

  inspect() {
    return Promise.resolve(UNKNOWN_TABLE);
  }

  listMap() {
    return Promise.resolve(new Map<string, string>());
  }

  listSet() {
    return Promise.resolve([]);
  }
}

function addresses(n: number, count = 10): string[] {
  return Array.from({ length: count }, (_, at) => {
    const number = n * 10 + at;
    return `10.${128 + (number >> 16)}.${(number >> 8) & 255}.${number & 255}`;
  });
}

function cluster(services: number): Snapshot {
  const names = Array.from({ length: services }, (_, n) => n);
  const objects = names.map((n) => service(`s${n}`, { clusterIP: clusterIP(n) }));
  const slices = names.map((n) => slice(`s${n}`, addresses(n)));
  const touched = new Set<ObjectKey>();
  const snapshot = withList(EMPTY_SNAPSHOT, "Service", objects, touched);
  return withList(snapshot, "EndpointSlice", slices, touched);
}

function clusterIP(n: number): string {
  return `10.96.${n >> 8}.${n & 255}`;
}

/** What can happen to a cluster, and how many elements that is. */
const CHANGES: readonly { name: string; change: readonly ClusterObject[]; elements: number }[] = [
  {
    name: "one endpoint replaced",
    change: [slice("s5", [...addresses(5, 9), "10.250.0.1"])],
    elements: 2,
  },
  { name: "one endpoint more", change: [slice("s5", addresses(5, 11))], elements: 3 },
  { name: "one endpoint less", change: [slice("s5", addresses(5, 9))], elements: 3 },
  {
    name: "one Service more",
    change: [
      service("new", { clusterIP: "10.97.0.1" }),
      slice("new", ["10.250.0.1", "10.250.0.2"]),
    ],
    elements: 4,
  },
];

/** Applies every change to a cluster of so many Services, and returns the transactions. */
async function transactions(
  services: number,
): Promise<readonly { elements: number; script: string }[]> {
  const found = [];
  const nft = new CountingNft();
  const backend = new NftablesBackend("IPv4", { nft, clock: systemClock });
  const all = cluster(services);
  const start = { snapshot: all, settings: settings(), services: "all" } as const;
  const first = advance(emptyState("IPv4", settings()), start);
  for (const { change } of CHANGES) {
    await backend.apply(first, { full: true });
    const touched = new Set<ObjectKey>();
    const snapshot = change.reduce((now, object) => withObject(now, object, touched), all);
    const next = advance(first.next, { snapshot, settings: settings(), services: touched });
    nft.scripts = [];
    const { elements } = await backend.apply(next, { full: false });
    found.push({ elements, script: nft.scripts.join("") });
  }
  return found;
}

Deno.test("A change's transaction has only what changed, with 10 Services as with 10,000", async () => {
  const small = await transactions(10);
  const large = await transactions(10_000);
  for (const [at, { name, elements }] of CHANGES.entries()) {
    assert.equal(small[at]?.elements, elements, name);
    assert.deepEqual(large[at], small[at], name);
  }
});

Deno.test("Chains, rules, sets and maps are as many for 10 Services as for 2,000", async () => {
  const parts = await Promise.all([10, 2_000].map(async (services) => {
    const nft = new CountingNft();
    const backend = new NftablesBackend("IPv4", { nft, clock: systemClock });
    const change = { snapshot: cluster(services), settings: settings(), services: "all" } as const;
    await backend.apply(advance(emptyState("IPv4", settings()), change), { full: true });
    return nft.scripts.join("").match(/^add (chain|rule|set|map) .*$/gm);
  }));
  assert.deepEqual(parts[0], parts[1]);
});
