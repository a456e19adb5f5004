import assert from "node:assert/strict";
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

kernelTest(
  "A client stays with its endpoint, whatever frontend it uses, over TCP and over UDP",
  async () => {
    await using world = await ClusterLab.create();
    await world.program(sticky(ALL));
    const { client } = world.members;
    for (const family of FAMILIES) {
      for (const protocol of ["TCP", "UDP"] as const) {
        const frontends = [
          [VIP[family], 80],
          [EXTERNAL[family], 80],
          [address("node", family), 30080],
        ] as const;
        const met = new Set<string>();
        for (const [to, port] of frontends) {
          met.add(servers(await client.connectMany(to, port, CONNECTIONS, { protocol })));
        }
        assert.equal(met.size, 1, `${family} ${protocol}: ${[...met].join(" | ")}`);
        assert.ok(ALL.includes([...met][0] as Member), `${family} ${protocol}: ${[...met]}`);
      }
    }
  },
);

kernelTest(
  "Pods, clients and the node itself each have an endpoint of their own choice",
  async () => {
    await using world = await ClusterLab.create();
    await world.program(sticky(ALL));
    for (const family of FAMILIES) {
      for (const from of ["pod-b", "client", "node"] as const) {
        const outcomes = await world.members[from].connectMany(VIP[family], 80, CONNECTIONS);
        assert.ok(
          ALL.includes(servers(outcomes) as Member),
          `${family} ${from}: ${servers(outcomes)}`,
        );
      }
    }
  },
);

kernelTest(
  "When an endpoint goes its clients get another one at once, and the others keep theirs",
  async () => {
    await using world = await ClusterLab.create();
    await world.program(sticky(ALL));
    const { client } = world.members;
    for (const family of FAMILIES) {
      const before = servers(await client.connectMany(VIP[family], 80, CONNECTIONS)) as Member;
      const others = ALL.filter((member) => member !== before);
      await world.program(sticky([before, others[0] as Member]));
      assert.equal(servers(await client.connectMany(VIP[family], 80, CONNECTIONS)), before);
      await world.program(sticky(others));
      const after = servers(await client.connectMany(VIP[family], 80, CONNECTIONS));
      assert.ok(others.includes(after as Member), `${family}: ${before} → ${after}`);
      await world.program(sticky(ALL));
      assert.equal(servers(await client.connectMany(VIP[family], 80, CONNECTIONS)), after);
    }
  },
);

kernelTest(
  "A full apply and a restart keep what was learned, but nothing about endpoints that are gone",
  async () => {
    await using world = await ClusterLab.create();
    await world.program(sticky(ALL));
    const { client } = world.members;
    for (const family of FAMILIES) {
      const before = servers(await client.connectMany(VIP[family], 80, CONNECTIONS)) as Member;
      world.restart();
      await world.program(sticky(ALL));
      assert.equal(servers(await client.connectMany(VIP[family], 80, CONNECTIONS)), before);
      const others = ALL.filter((member) => member !== before);
      world.restart();
      await world.program(sticky(others));
      const after = servers(await client.connectMany(VIP[family], 80, CONNECTIONS));
      assert.ok(others.includes(after as Member), `${family}: ${before} → ${after}`);
      world.restart();
      await world.program(sticky(ALL));
    }
  },
);

kernelTest(
  "The memory of a client ends after the Service's time without a new connection",
  async () => {
    await using world = await ClusterLab.create();
    await world.program(sticky(ALL, { affinitySeconds: 1 }));
    const met = new Set<string>();
    for (let attempt = 0; attempt < 12 && met.size < 2; attempt++) {
      met.add(servers(await world.members.client.connectMany(VIP.IPv4, 80, 1)));
      await new Promise((resolve) => setTimeout(resolve, 1_050));
    }
    assert.ok(met.size > 1, [...met].join());
  },
);

kernelTest("Under externalTrafficPolicy Local a client outside never leaves the node", async () => {
  await using world = await ClusterLab.create();
  await world.program(sticky(["pod-a", "remote", "node"], { externalTrafficPolicy: "Local" }));
  const { client } = world.members;
  for (const family of FAMILIES) {
    for (let round = 0; round < 4; round++) {
      // the cluster IP may pin the client to the remote endpoint; the node port must not follow
      await client.connectMany(VIP[family], 80, 2);
      const local = servers(await client.connectMany(address("node", family), 30080, 4));
      assert.ok(["pod-a", "node"].includes(local), `${family}: ${local}`);
      world.restart();
      await world.lab.node.exec("nft", ["flush", "ruleset"]);
      await world.program(sticky(["pod-a", "remote", "node"], { externalTrafficPolicy: "Local" }));
    }
  }
});

kernelTest("A client of the host's network stays with it, whatever frontend it uses", async () => {
  await using world = await ClusterLab.create();
  await world.program(sticky(["node"]));
  const places = FAMILIES.flatMap((family) =>
    ([[VIP[family], 80], [EXTERNAL[family], 80], [address("node", family), 30080]] as const)
      .flatMap(([to, port]) =>
        (["pod-b", "client", "node"] as const).map((from) => ({ from, to, port }))
      )
  );
  const met = async (count: number) => {
    const names = new Set<string>();
    for (const { from, to, port } of places) {
      names.add(servers(await world.members[from].connectMany(to, port, count)));
    }
    return [...names];
  };
  assert.deepEqual(await met(1), ["node"]);
  await world.program(sticky(ALL));
  assert.deepEqual(await met(CONNECTIONS), ["node"]);
});

kernelTest("A full sync of a running process keeps what was learned", async () => {
  await using world = await ClusterLab.create();
  const { client } = world.members;
  await world.program(sticky(["remote"]));
  for (const family of FAMILIES) await client.connectMany(VIP[family], 80, 1);
  await world.program(sticky(ALL));
  const other = { masqueradeBit: 15 };
  const reports = await world.program(sticky(ALL), { IPv4: other, IPv6: other });
  assert.deepEqual(reports.map(({ mode }) => mode), ["full", "full"]);
  for (const family of FAMILIES) {
    assert.equal(servers(await client.connectMany(VIP[family], 80, CONNECTIONS)), "remote");
  }
});

/** Returns for how many seconds each map still remembers a client. */
async function secondsLeft(world: ClusterLab, family: Family, client: string): Promise<number[]> {
  const lists = await Promise.all(
    mapsOf(family).map((map) => nftOf(world, family, `list map ${map}`)),
  );
  return lists.map((list) => {
    const element = list.split(/[{,]/).find((one) => one.trim().startsWith(`${client} `));
    return Number(/expires (\d+)s/.exec(element ?? "")?.[1] ?? NaN);
  });
}

kernelTest(
  "Each new connection begins the time anew, traffic in a connection does not",
  async () => {
    await using world = await ClusterLab.create();
    await world.program(sticky(["pod-a"], { affinitySeconds: 3_600 }));
    const { client } = world.members;
    for (const family of FAMILIES) {
      const flow = await client.open(VIP[family], 80);
      assert.equal((await flow.first).result, "answered");
      const from = address("client", family);
      for (const map of mapsOf(family)) {
        await nftOf(world, family, `delete element ${map}`, `{ ${from} }`);
        const terms = "timeout 3600s expires 100s";
        await nftOf(world, family, `add element ${map}`, elementOf(family, map, from, terms));
      }
      assert.equal((await flow.ask()).result, "answered");
      for (const left of await secondsLeft(world, family, from)) assert.ok(left <= 100, `${left}`);
      await client.connect(VIP[family], 80);
      for (const left of await secondsLeft(world, family, from)) assert.ok(left > 3_000, `${left}`);
    }
    await world.program(sticky(["pod-a"], { affinitySeconds: 60 }));
    for (const family of FAMILIES) {
      await client.connect(VIP[family], 80);
      const seconds = await secondsLeft(world, family, address("client", family));
      for (const left of seconds) assert.ok(left <= 60, `a new time counts from now on: ${left}`);
    }
  },
);
