import assert from "node:assert/strict";
import { ADDRESSES, ClusterLab } from "../support/cluster_lab.ts";
import { kernelTest } from "../support/kernel.ts";
import { service, slice } from "../support/objects.ts";

kernelTest("New connections spread evenly over the endpoints", async () => {
  await using world = await ClusterLab.create();
  await world.program([
    service("web"),
    slice("web", [...["pod-a", "pod-b", "remote"] as const].map((name) => ADDRESSES[name][0])),
  ]);
  const outcomes = await world.members.client.connectMany("10.96.0.10", 80, 600, { parallel: 8 });
  const counts = new Map<string, number>();
  for (const outcome of outcomes) {
    assert.equal(outcome.result, "answered");
    if (outcome.result === "answered") {
      counts.set(outcome.server, (counts.get(outcome.server) ?? 0) + 1);
    }
  }
  // 200 each, standard deviation 11.5: six of them are a one in 500 million chance
  assert.deepEqual([...counts.keys()].sort(), ["pod-a", "pod-b", "remote"]);
  for (const [server, count] of counts) {
    assert.ok(Math.abs(count - 200) < 70, `${server}: ${count}`);
  }
});

kernelTest(
  "An open connection goes on when its endpoint leaves, and new ones avoid it",
  async () => {
    await using world = await ClusterLab.create();
    const web = service("web");
    await world.program([web, slice("web", [ADDRESSES["pod-a"][0]])]);
    const flow = await world.members.client.open("10.96.0.10", 80);
    assert.equal(flow.first.result, "answered");
    await world.program([web, slice("web", [ADDRESSES["pod-b"][0]])]);
    const again = await flow.ask();
    assert.equal(again.result === "answered" && again.server, "pod-a");
    const fresh = await world.members.client.connectMany("10.96.0.10", 80, 10);
    assert.equal(fresh.length, 10);
    for (const one of fresh) assert.equal(one.result === "answered" && one.server, "pod-b");
    await flow.close();
  },
);
