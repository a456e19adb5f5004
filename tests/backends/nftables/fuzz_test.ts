import assert from "node:assert/strict";
import fc from "fast-check";
import { difference } from "../../../backends/nftables/difference.ts";
import { differenceScript } from "../../../backends/nftables/difference_script.ts";
import { fullScript } from "../../../backends/nftables/full_script.ts";
import { PartTally } from "../../../backends/nftables/part_tally.ts";
import { advance } from "../../../model/advance.ts";
import { FAMILIES, PROTOCOLS } from "../../../model/family.ts";
import { hostileObjects, settingsIn, WAYS } from "../../support/hostile_cluster.ts";
import { endpoint, service, settings, slice, snapshotOf } from "../../support/objects.ts";
import { oddities, ruleForms } from "../../support/plain_script.ts";
import { stateOf } from "../../support/state.ts";

/** The rules that a cluster with one of everything needs, in every kind of setting. */
const RULES = new Set(
  FAMILIES.flatMap((family) => {
    const [prefix, pod] = family === "IPv4"
      ? ["10.96.0.", "10.244.1.5"]
      : ["fd00:96::", "fd00:244::5"];
    let index = 0;
    const oneOfEverything = (["Cluster", "Local"] as const).flatMap((policy) =>
      (["None", "ClientIP"] as const).flatMap((sessionAffinity) => {
        const name = `web-${++index}`;
        const ports = PROTOCOLS.map((protocol) => ({
          name: "",
          protocol,
          nodePort: 30080 + index,
        }));
        const policies = { internalTrafficPolicy: policy, externalTrafficPolicy: policy };
        return [
          service(name, {
            ...policies,
            type: "LoadBalancer",
            clusterIP: `${prefix}${index}`,
            sessionAffinity,
            externalIPs: [`${prefix}1${index}`],
            ports,
          }),
          slice(name, [endpoint(pod, { nodeName: "node-a" })], {
            ports: PROTOCOLS.map((protocol) => ({ name: "", protocol, port: 8080 })),
          }),
        ];
      })
    );
    const variants = [{}, { nodePortAddresses: "any" as const }, { detector: undefined }];
    return variants.map((changes) => settings(changes, family)).flatMap((used) => {
      const script = [...fullScript(stateOf(oneOfEverything, { family, settings: used }))].join("");
      return [...ruleForms(script)];
    });
  }),
);

const RUNS = 100;

for (const [way, take] of Object.entries(WAYS)) {
  Deno.test(`Whatever comes by way of ${way}, scripts say nothing but what weir means`, () => {
    let elements = 0;
    fc.assert(
      fc.property(hostileObjects(), hostileObjects(), (first, second) => {
        const [before, after] = [take(first), take([...first.slice(1), ...second])];
        for (const family of FAMILIES) {
          const previous = stateOf(before, { family, settings: settingsIn(before, family) });
          const transition = advance(previous, {
            snapshot: snapshotOf(...after),
            settings: settingsIn(after, family),
            services: "all",
          });
          const parts = new PartTally();
          const scripts = [
            fullScript(transition.next),
            differenceScript(family, difference(transition), parts),
          ];
          for (const script of scripts) {
            const text = [...script].join("");
            assert.deepEqual(oddities(text, RULES), []);
            elements += text.split('comment "').length - 1;
          }
        }
      }),
      { numRuns: RUNS },
    );
    assert.ok(elements > 5 * RUNS, `only ${elements} frontends`);
  });
}

Deno.test("A script with anything else in it is noticed", () => {
  const script = [...fullScript(stateOf([service("web"), slice("web", ["10.244.1.5"])]))].join("");
  assert.deepEqual(oddities(script, RULES), []);
  const changes: readonly (readonly [string, string])[] = [
    ["10.96.0.10 . tcp", "10.96.0.10 ; flush ruleset . tcp"],
    ["10.96.0.10 . tcp", "010.96.0.10 . tcp"],
    ['comment "default/web"', 'comment "default"/web"'],
    ['comment "default/web"', 'comment "default web"'],
    ["goto tcp-lb-1", "goto tcp-lb-1 ; drop"],
    ["10.244.1.5 . 8080", "10.244.1.5 . 80800"],
    ["add chain ip weir services\n", "add chain ip weir services ; flush ruleset\n"],
    ["add chain ip weir services\n", "add chain ip weir services\nflush ruleset\n"],
    ["dnat ip to ip daddr", "dnat ip to ip saddr"],
    ["add table ip weir\n", "add table ip mine\n"],
  ];
  for (const [from, to] of changes) {
    assert.ok(script.includes(from), from);
    assert.equal(oddities(script.replace(from, to), RULES).length, 1, to);
  }
});
