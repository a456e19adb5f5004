import assert from "node:assert/strict";
import { AFFINITY_CLIENTS } from "../../backends/nftables/affinity.ts";
import type { List } from "../../backends/nftables/names.ts";
import type { Nft } from "../../backends/nftables/nft.ts";
import { FAMILIES, type Family } from "../../model/family.ts";
import { ClusterLab, type Member } from "../support/cluster_lab.ts";
import { kernelTest } from "../support/kernel.ts";
import {
  address,
  ALL,
  CONNECTIONS,
  elementOf,
  EXTERNAL,
  mapsOf,
  nftOf,
  servers,
  sticky,
  VIP,
} from "./_affinity.ts";

/** Clients that a map of {@linkcode withSmallMaps} can remember. */
const ROOM = 2;

/** Returns an nft that makes affinity maps with little room. */
function withSmallMaps(nft: Nft): Nft {
  return {
    ...nft,
    apply: (script, signal) => {
      const text = [...script].join("");
      return nft.apply([text.replaceAll(`size ${AFFINITY_CLIENTS}`, `size ${ROOM}`)], signal);
    },
  };
}

/** Empties the maps of these lists, or fills them with clients that nobody is. */
async function setRoom(
  world: ClusterLab,
  family: Family,
  rooms: Partial<Record<List, "full" | "empty">>,
) {
  await nftOf(world, family, "flush set unlearned-services");
  const strangers = family === "IPv4"
    ? ["203.0.113.1", "203.0.113.2"]
    : ["2001:db8:9::1", "2001:db8:9::2"];
  for (const [list, room] of Object.entries(rooms)) {
    for (const map of mapsOf(family, list as List)) {
      await nftOf(world, family, `flush map ${map}`);
      if (room === "empty") continue;
      for (const stranger of strangers.slice(0, ROOM)) {
        const element = elementOf(family, map, stranger, "timeout 3600s");
        await nftOf(world, family, `add element ${map}`, element);
      }
    }
  }
}

async function isRemembered(world: ClusterLab, family: Family, list: List): Promise<boolean> {
  const [map = ""] = mapsOf(family, list);
  const listing = await nftOf(world, family, `list map ${map}`);
  return listing.includes(`${address("client", family)} `);
}

kernelTest(
  "Clients that find no room in a full map are served, and the port is reported",
  async () => {
    await using world = await ClusterLab.create(withSmallMaps);
    await world.program(sticky(["pod-a"]));
    const { client, "pod-b": podB, node } = world.members;
    for (const family of FAMILIES) {
      await setRoom(world, family, { cluster: "empty" });
      await client.connect(VIP[family], 80);
      await node.connect(EXTERNAL[family], 80);
      assert.deepEqual(await world.unlearned(family), [], family);
      assert.equal(servers([await podB.connect(VIP[family], 80)]), "pod-a");
      assert.deepEqual(await world.unlearned(family), [`default/web-${family.toLowerCase()}:tcp`]);
    }
    await world.program(sticky(ALL));
    for (const family of FAMILIES) {
      for (const known of [client, node]) {
        assert.equal(
          servers(await known.connectMany(VIP[family], 80, CONNECTIONS)),
          "pod-a",
          "they stay",
        );
      }
      const met = servers(await podB.connectMany(VIP[family], 80, 3 * CONNECTIONS));
      assert.equal(met, ALL.toSorted().join(" "), "at random");
      await setRoom(world, family, { cluster: "full" });
      await client.connect(address("node", family), 30080);
      const port = [`default/web-${family.toLowerCase()}:tcp`];
      assert.deepEqual(await world.unlearned(family), port, "by its node port");
      await setRoom(world, family, { cluster: "empty" });
      const one = servers(await podB.connectMany(VIP[family], 80, CONNECTIONS));
      assert.ok(ALL.includes(one as Member), `there is room again: ${one}`);
      assert.deepEqual(await world.unlearned(family), []);
    }
  },
);

kernelTest("Where some traffic stays on its node, each list that is full is reported", async () => {
  await using world = await ClusterLab.create(withSmallMaps);
  await world.program(sticky(["pod-a"], { externalTrafficPolicy: "Local" }));
  const { client } = world.members;
  for (const family of FAMILIES) {
    for (const cluster of ["empty", "full"] as const) {
      for (const local of ["empty", "full"] as const) {
        await setRoom(world, family, { cluster, local });
        await client.connect(address("node", family), 30080);
        const name = `${family}: cluster ${cluster}, local ${local}`;
        assert.equal(await isRemembered(world, family, "cluster"), cluster === "empty", name);
        assert.equal(await isRemembered(world, family, "local"), local === "empty", name);
        const isFull = cluster === "full" || local === "full";
        assert.equal((await world.unlearned(family)).length, isFull ? 1 : 0, name);
      }
    }
  }
  await world.program(sticky(["remote"], { externalTrafficPolicy: "Local" }));
  for (const family of FAMILIES) {
    await setRoom(world, family, { cluster: "empty", local: "full" });
    assert.equal(servers([await world.members["pod-b"].connect(VIP[family], 80)]), "remote");
    assert.deepEqual(await world.unlearned(family), [], "nobody asked the full one");
  }
});
