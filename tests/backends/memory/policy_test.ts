import assert from "node:assert/strict";
import fc from "fast-check";
import type { Packet } from "../../../backends/memory/evaluate.ts";
import { cidrContains } from "../../../model/address.ts";
import { frontends } from "../../../model/desired_state.ts";
import { FAMILIES, type Family } from "../../../model/family.ts";
import type { Frontend } from "../../../model/frontend.ts";
import type { ClusterObject } from "../../../model/objects.ts";
import { type Origin, type Outcome, POLICY } from "../../../model/policy.ts";
import type { Settings } from "../../../model/settings.ts";
import { arbitraryCluster } from "../../support/arbitrary_cluster.ts";
import { endpoint, service, settings, slice } from "../../support/objects.ts";
import { stateOf } from "../../support/state.ts";
import { nodeOf, packetFrom, PLACES, programmed, summary } from "./_node.ts";

const ORIGINS: readonly Origin[] = ["pod", "host", "outside"];

/** Settings on which the outcome depends. */
const VARIANTS: readonly Partial<Settings>[] = [
  {},
  { masqueradeAll: true },
  { detector: undefined },
  { detector: { by: "interface-prefix", prefix: "pod" }, nodePortAddresses: "any" },
];

/** A Service for each kind of dispatch. */
const EVERY_DISPATCH: readonly ClusterObject[] = (() => {
  const here = endpoint("10.244.1.5", { nodeName: "node-a" });
  const local = { internalTrafficPolicy: "Local", externalTrafficPolicy: "Local" } as const;
  const offer = (number: number, changes: Parameters<typeof service>[1]) =>
    service(`s${number}`, {
      clusterIP: `10.96.0.${number}`,
      type: "NodePort",
      ports: [{ nodePort: 30000 + number }],
      ...changes,
    });
  return [
    offer(1, {}),
    slice("s1", [here, "10.244.2.7"]),
    offer(2, local),
    slice("s2", [here, "10.244.2.7"]),
    offer(3, local),
    slice("s3", ["10.244.2.7"]),
    offer(4, {}),
  ];
})();

/** Returns what the table says for settings: without a detector, pods are like anybody else. */
function outcomeOf({ dispatch, kind }: Frontend, origin: Origin, given: Settings): Outcome {
  const isKnown = origin !== "pod" || given.detector !== undefined;
  const outcome = POLICY[dispatch][isKnown ? origin : "outside"];
  if (kind !== "ClusterIP") return outcome;
  const masquerade = given.masqueradeAll || (given.detector !== undefined && outcome.masquerade);
  return { ...outcome, masquerade };
}

/** Says in the words of `summary` what the model wants of a packet. */
function wanted(frontend: Frontend, origin: Origin, source: string, given: Settings): string {
  const { allowedSources } = frontend;
  const isAdmitted = allowedSources === "any" ||
    allowedSources.some((range) => cidrContains(range, source));
  if (!isAdmitted) return "drop";
  const { to, masquerade } = outcomeOf(frontend, origin, given);
  if (to === "drop" || to === "reject") return to;
  return frontend[to].map(({ address, local }) =>
    address + (masquerade || (local && address === source) ? " masqueraded" : "")
  ).sort().join(", ");
}

/** Returns the packets that meet a frontend, with their origins: from each place, and from an endpoint. */
function packetsTo(family: Family, frontend: Frontend): readonly [Origin, Packet][] {
  const destination = frontend.address === "" ? PLACES[family].node : frontend.address;
  const target = { protocol: frontend.protocol, destination, port: frontend.port };
  const [one] = [...frontend.cluster, ...frontend.local];
  const itself: [Origin, Packet][] = one === undefined
    ? []
    : [["pod", packetFrom("pod", target, one.address)]];
  return [
    ...ORIGINS.map((origin): [Origin, Packet] => [origin, packetFrom(origin, target)]),
    ...itself,
  ];
}

Deno.test("For every frontend and origin, the rules do what the policy table says", async () => {
  const met = new Set<string>();
  const property = fc.asyncProperty(
    arbitraryCluster(),
    fc.constantFrom(...FAMILIES),
    fc.constantFrom(...VARIANTS),
    async (objects, family, variant) => {
      const given = settings(variant, family);
      const state = stateOf(objects, { family, settings: given });
      const nft = await programmed(state);
      for (const frontend of frontends(state)) {
        for (const [origin, packet] of packetsTo(family, frontend)) {
          const want = wanted(frontend, origin, packet.source, given);
          const got = summary(nft.evaluate(packet, nodeOf(family)));
          assert.equal(got, want, `${frontend.key} (${frontend.dispatch}) from ${packet.source}`);
          met.add(`${frontend.dispatch} ${origin}`);
        }
      }
    },
  );
  await fc.assert(property, {
    numRuns: 150,
    examples: VARIANTS.map((variant) => [EVERY_DISPATCH, "IPv4", variant] as const)
      .map((example) => [...example]),
  });
  assert.equal(met.size, Object.keys(POLICY).length * ORIGINS.length, [...met].join(", "));
});
