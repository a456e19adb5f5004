import assert from "node:assert/strict";
import { MemoryNft } from "../../../backends/memory/memory_nft.ts";
import { NftablesBackend } from "../../../backends/nftables/nftables_backend.ts";
import { advance } from "../../../model/advance.ts";
import { emptyState } from "../../../model/desired_state.ts";
import type { ClusterObject } from "../../../model/objects.ts";
import { FakeClock } from "../../support/fake_clock.ts";
import { service, settings, slice, snapshotOf } from "../../support/objects.ts";

Deno.test("The kernel is asked for full affinity maps only where there are some", async () => {
  const clock = new FakeClock();
  const nft = new MemoryNft({ clock });
  const asked: string[] = [];
  const listSet = nft.listSet.bind(nft);
  nft.listSet = (family, set) => {
    asked.push(set);
    return listSet(family, set);
  };
  const backend = new NftablesBackend("IPv4", { nft, clock });
  let state = emptyState("IPv4", settings());
  const program = async (...objects: readonly ClusterObject[]) => {
    const snapshot = snapshotOf(...objects, slice("web", ["10.244.1.5"]));
    const transition = advance(state, { snapshot, settings: settings(), services: "all" });
    await backend.apply(transition, { full: false });
    state = transition.next;
  };
  assert.deepEqual(await backend.unlearned(), [], "before the first sync");
  await program(service("web"));
  assert.deepEqual(await backend.unlearned(), []);
  assert.deepEqual(asked, []);
  await program(service("web", { sessionAffinity: "ClientIP" }));
  assert.deepEqual(await backend.unlearned(), []);
  assert.deepEqual(asked, ["unlearned-services"]);
  const note = "add element ip weir unlearned-services { 10.96.0.10 . tcp . 80 }\n";
  await nft.apply([note]);
  assert.deepEqual((await backend.unlearned()).map(({ name }) => name), ["default/web"]);
});
