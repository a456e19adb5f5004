import assert from "node:assert/strict";
import type { Outcome } from "../../cli/demo/lab.ts";
import { FAMILIES, type Family } from "../../model/family.ts";
import type { ClusterObject, ServiceObject } from "../../model/objects.ts";
import { ADDRESSES, ClusterLab, type Member } from "../support/cluster_lab.ts";
import { kernelTest } from "../support/kernel.ts";
import { endpoint, service, slice } from "../support/objects.ts";

const VIP = { IPv4: "10.96.0.10", IPv6: "fd00:96::10" } as const;
const EXTERNAL = { IPv4: "198.51.100.1", IPv6: "2001:db8:1::1" } as const;

function address(member: Member, family: Family): string {
  return ADDRESSES[member][family === "IPv4" ? 0 : 1];
}

/** A Service with ClientIP affinity in both families, and endpoints for TCP and UDP. */
function sticky(members: readonly Member[], changes: Partial<ServiceObject> = {}): ClusterObject[] {
  return FAMILIES.flatMap((family) => {
    const name = `web-${family.toLowerCase()}`;
    return [
      service(
        name,
        {
          clusterIP: VIP[family],
          type: "NodePort",
          externalIPs: [EXTERNAL[family]],
          ports: [
            { name: "tcp", nodePort: 30080 },
            { name: "udp", protocol: "UDP", nodePort: 30080 },
          ],
          sessionAffinity: "ClientIP",
          ...changes,
        } as Parameters<typeof service>[1],
      ),
      slice(
        name,
        members.map((member) =>
          endpoint(address(member, family), { nodeName: member === "remote" ? "other" : "node-a" })
        ),
        {
          ports: [
            { name: "tcp", protocol: "TCP", port: 8080 },
            { name: "udp", protocol: "UDP", port: 8080 },
          ],
        },
      ),
    ];
  });
}

function servers(outcomes: readonly Outcome[]): string {
  const names = outcomes.map((one) => one.result === "answered" ? one.server : one.result);
  return [...new Set(names)].sort().join(" ");
}

/** Enough connections that random choices among three would not all be the same: the chance is 3^-11. */
const CONNECTIONS = 12;

const ALL: readonly Member[] = ["pod-a", "remote", "node"];

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
