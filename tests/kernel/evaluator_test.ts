import assert from "node:assert/strict";
import fc from "fast-check";
import { FAMILIES, type Family } from "../../model/family.ts";
import type { ClusterObject, EndpointObject } from "../../model/objects.ts";
import type { Settings } from "../../model/settings.ts";
import { BASE, SCRIPTS } from "../backends/memory/_scripts.ts";
import { type Attempt, Twin } from "../backends/memory/_twin.ts";
import { ADDRESSES, ClusterLab, type Member, TARGET_PORT } from "../support/cluster_lab.ts";
import { flushRules, kernelTest, nftWith } from "../support/kernel.ts";
import { endpoint, service, slice } from "../support/objects.ts";

kernelTest(
  "nft takes and refuses the scripts that the in-memory nft takes and refuses",
  async () => {
    const wrong: string[] = [];
    for (const { name, script, refused } of SCRIPTS) {
      await flushRules();
      await nftWith([BASE], "-f", "-");
      const failure = await nftWith([`${script}\n`], "-f", "-").then(() => undefined, String);
      const asWanted = refused === undefined
        ? failure === undefined
        : failure !== undefined && sayings(refused).some((words) => failure.includes(words));
      if (!asWanted) wrong.push(`${name}: ${failure ?? "taken"}`);
    }
    await flushRules();
    assert.deepEqual(wrong, []);
  },
);

/** Returns the words for a reason: newer versions of nft find some mistakes before the kernel does. */
function sayings(reason: string): readonly string[] {
  return reason === "Operation not supported" ? [reason, "with different declaration"] : [reason];
}

const VIPS = {
  IPv4: { cluster: "10.96.0.", external: "198.51.100.1", balancer: "198.51.100.2" },
  IPv6: { cluster: "fd00:96::", external: "2001:db8:1::1", balancer: "2001:db8:1::2" },
} as const;

/** Source ranges: the node and the client, the pods, nobody. */
const RANGES = {
  IPv4: ["192.0.2.0/24", "10.244.0.0/16", "203.0.113.0/24"],
  IPv6: ["2001:db8::/64", "fd00:244::/64", "2001:db8:5::/64"],
} as const;

/** Those who send. `remote` would not, its packets pass another node. */
const SENDERS: readonly Member[] = ["pod-a", "pod-b", "node", "client"];

/** Services of a lab's cluster. */
const NUMBERS = [1, 2, 3];

function indexOf(family: Family): 0 | 1 {
  return family === "IPv4" ? 0 : 1;
}

/** A Service, offered in every way, with any policies, ranges and endpoints. */
function arbitraryService(family: Family, number: number): fc.Arbitrary<readonly ClusterObject[]> {
  const policy = fc.constantFrom("Cluster", "Local");
  const vips = VIPS[family];
  const members = fc.subarray<Member>(["pod-a", "pod-b", "remote", "node"]);
  const conditions = fc.constantFrom<Partial<EndpointObject>>(
    {},
    {},
    { ready: false, terminating: true },
    { ready: false, serving: false },
    { zoneHints: ["zone-a"] },
    { zoneHints: ["zone-b"], nodeHints: ["node-a"] },
  );
  return fc.record({
    isRival: fc.constantFrom(false, false, true),
    hints: fc.constantFrom<Partial<EndpointObject>>({}, {}, {}, { zoneHints: ["zone-b"] }),
    protocol: fc.constantFrom("TCP", "UDP"),
    internalTrafficPolicy: policy,
    externalTrafficPolicy: policy,
    sessionAffinity: fc.constantFrom("None", "None", "ClientIP"),
    loadBalancerSourceRanges: fc.oneof(fc.constant([]), fc.subarray([...RANGES[family]])),
    endpoints: members.chain((names) =>
      fc.tuple(...names.map((name) => conditions.map((one) => [name, one] as const)))
    ),
  }).map(({ endpoints, protocol, isRival, hints, ...fields }) => {
    const port = { name: "", protocol } as { name: string; protocol: "TCP" | "UDP" };
    return [
      service(`s${number}`, {
        clusterIP: `${vips.cluster}${number}`,
        type: "LoadBalancer",
        externalIPs: [`${vips.external}${number}`, ...(isRival ? [`${vips.external}1`] : [])],
        ingress: [{ ip: `${vips.balancer}${number}`, ipMode: "VIP" }],
        ports: [{ ...port, nodePort: isRival ? 30081 : 30080 + number }],
        ...fields as Parameters<typeof service>[1],
      }),
      slice(
        `s${number}`,
        endpoints.map(([name, one]) => endpointOf(family, name, { ...hints, ...one })),
        { addressType: family, ports: [{ ...port, port: TARGET_PORT }] },
      ),
    ];
  });
}

function endpointOf(
  family: Family,
  member: Member,
  changes: Partial<EndpointObject>,
): EndpointObject {
  const here = member === "remote" ? {} : { nodeName: "node-a" };
  return endpoint(ADDRESSES[member][indexOf(family)], { ...here, ...changes });
}

/** Settings by which packets fare differently. */
function arbitrarySettings(): fc.Arbitrary<Partial<Settings>> {
  return fc.constantFrom<Partial<Settings>>(
    {},
    {},
    { masqueradeAll: true },
    { detector: undefined },
    { detector: { by: "interface", name: "pod-b" } },
    { detector: { by: "interface-prefix", prefix: "pod" }, nodePortAddresses: "any" },
    { nodePortAddresses: [], masqueradeBit: 31 },
    { zone: "zone-a", serviceCIDRs: [] },
    { zone: "zone-b", nodeAddress: undefined },
  );
}

/** A connection to a frontend, or next to one. */
function arbitraryAttempt(family: Family): fc.Arbitrary<Attempt> {
  const vips = VIPS[family];
  const number = fc.constantFrom(...NUMBERS);
  const node = ADDRESSES.node[indexOf(family)];
  const target = fc.oneof(
    { weight: 4, arbitrary: number.map((n) => ({ to: `${vips.cluster}${n}`, port: 80 })) },
    { weight: 3, arbitrary: number.map((n) => ({ to: `${vips.external}${n}`, port: 80 })) },
    { weight: 3, arbitrary: number.map((n) => ({ to: `${vips.balancer}${n}`, port: 80 })) },
    { weight: 4, arbitrary: number.map((n) => ({ to: node, port: 30080 + n })) },
    { weight: 1, arbitrary: number.map((n) => ({ to: `${vips.cluster}${n}`, port: 81 })) },
    fc.constantFrom(
      { to: `${vips.cluster}99`, port: 80 },
      { to: `${vips.external}1`, port: 81 },
      { to: node, port: TARGET_PORT },
      { to: ADDRESSES["pod-b"][indexOf(family)], port: TARGET_PORT },
    ),
  );
  const from = fc.constantFrom(...SENDERS);
  const protocol = fc.constantFrom("TCP" as const, "TCP" as const, "UDP" as const);
  return fc.record({ from, protocol, target })
    .map(({ target, ...rest }) => ({ ...rest, ...target }));
}

/** Lets all members open their connections at once, each its own one after the other. */
async function disagreements(twin: Twin, attempts: readonly Attempt[]): Promise<readonly string[]> {
  const found = SENDERS.map(async (member) => {
    const wrong: (string | undefined)[] = [];
    for (const attempt of attempts) {
      if (attempt.from === member) wrong.push(await twin.disagreement(attempt));
    }
    return wrong;
  });
  return (await Promise.all(found)).flat().filter((one) => one !== undefined);
}

kernelTest("The kernel does with packets what the evaluator says, in any cluster", async () => {
  await using world = await ClusterLab.create();
  const twin = new Twin(world);
  const scene = fc.constantFrom(...FAMILIES).chain((family) =>
    fc.record({
      family: fc.constant(family),
      objects: fc.tuple(...NUMBERS.map((number) => arbitraryService(family, number))),
      changes: arbitrarySettings(),
      attempts: fc.array(arbitraryAttempt(family), { minLength: 15, maxLength: 15 }),
    })
  );
  const property = fc.asyncProperty(scene, async ({ family, objects, changes, attempts }) => {
    await twin.program(objects.flat(), { [family]: changes });
    assert.deepEqual(await disagreements(twin, attempts), []);
  });
  await fc.assert(property, { numRuns: 12, endOnFailure: true });
});

kernelTest("The kernel and the evaluator agree on every frontend from everywhere", async () => {
  await using world = await ClusterLab.create();
  const twin = new Twin(world);
  const all: readonly Member[] = ["pod-a", "remote", "node"];
  const policies: readonly Parameters<typeof service>[1][] = [
    {},
    { internalTrafficPolicy: "Local", externalTrafficPolicy: "Local" },
    { loadBalancerSourceRanges: [RANGES.IPv4[0], RANGES.IPv6[0]], sessionAffinity: "ClientIP" },
  ];
  const offered = (family: Family) =>
    policies.flatMap((policy, index) => {
      const vips = VIPS[family];
      const number = index + 1;
      const name = `${family.toLowerCase()}-${number}`;
      return [
        service(name, {
          clusterIP: `${vips.cluster}${number}`,
          type: "LoadBalancer",
          externalIPs: [`${vips.external}${number}`],
          ingress: [{ ip: `${vips.balancer}${number}`, ipMode: "VIP" }],
          ports: [{ nodePort: 30080 + number }],
          ...policy,
        }),
        slice(name, all.map((member) => endpointOf(family, member, {}))),
      ];
    });
  await twin.program(FAMILIES.flatMap(offered));
  const attempts = FAMILIES.flatMap((family) =>
    NUMBERS.flatMap((number) => {
      const { cluster, external, balancer } = VIPS[family];
      const vips = [cluster, external, balancer].map((vip) => ({
        to: `${vip}${number}`,
        port: 80,
      }));
      const node = { to: ADDRESSES.node[indexOf(family)], port: 30080 + number };
      return [...vips, node].flatMap((target) =>
        SENDERS.map((from) => ({ from, protocol: "TCP" as const, ...target }))
      );
    })
  );
  assert.deepEqual(await disagreements(twin, attempts), []);
});

kernelTest("A client's second connection goes where the evaluator says it sticks", async () => {
  await using world = await ClusterLab.create();
  const twin = new Twin(world);
  const members: readonly Member[] = ["pod-a", "pod-b", "remote", "node"];
  const sticky = (family: Family) => [
    service(family.toLowerCase(), {
      clusterIP: `${VIPS[family].cluster}1`,
      sessionAffinity: "ClientIP",
    }),
    slice(family.toLowerCase(), members.map((member) => endpointOf(family, member, {}))),
  ];
  await twin.program(FAMILIES.flatMap(sticky));
  for (const family of FAMILIES) {
    for (const from of SENDERS) {
      const to = `${VIPS[family].cluster}1`;
      const attempt: Attempt = { from, protocol: "TCP", to, port: 80 };
      assert.equal(twin.evaluate(attempt).paths.length, members.length);
      for (let round = 0; round < 4; round++) {
        assert.equal(await twin.disagreement(attempt), undefined);
        assert.equal(twin.evaluate(attempt).paths.length, 1);
      }
    }
  }
});
