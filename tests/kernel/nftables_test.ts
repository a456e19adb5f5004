import assert from "node:assert/strict";
import fc from "fast-check";
import { refusedWhenCutOff } from "../../backends/nftables/cut_off.ts";
import { fullScript } from "../../backends/nftables/full_script.ts";
import { spawnedNft } from "../../backends/nftables/nft.ts";
import { NftError } from "../../backends/nftables/nft_error.ts";
import { NftablesBackend } from "../../backends/nftables/nftables_backend.ts";
import { advance, type Transition } from "../../model/advance.ts";
import { systemClock } from "../../model/clock.ts";
import { type DesiredState, emptyState } from "../../model/desired_state.ts";
import { FAMILIES, type Family } from "../../model/family.ts";
import type { ClusterObject } from "../../model/objects.ts";
import { sameRules } from "../../model/settings.ts";
import { type Snapshot, withObject, withoutObject } from "../../model/snapshot.ts";
import { arbitraryCluster, arbitraryLife, type Moment } from "../support/arbitrary_cluster.ts";
import { flushRules, kernelTest, nft, nftWith } from "../support/kernel.ts";
import { canonicalListing } from "../support/nft_listing.ts";
import { service, settings, slice, snapshotOf } from "../support/objects.ts";
import { stateOf } from "../support/state.ts";

const WEB = [service("web"), slice("web", ["10.244.1.5", "10.244.2.6", "10.244.2.7"])];

function backendFor(family: Family = "IPv4"): NftablesBackend {
  return new NftablesBackend(family, { nft: spawnedNft(), clock: systemClock });
}

/** The way from a state to the one of another set of objects. */
function transitionTo(previous: DesiredState, objects: readonly ClusterObject[]): Transition {
  return advance(previous, {
    snapshot: snapshotOf(...objects),
    settings: previous.settings,
    services: "all",
  });
}

function fromNothing(objects: readonly ClusterObject[]): Transition {
  return transitionTo(emptyState("IPv4", settings()), objects);
}

/** Without root the kernel takes no more than 200 kB in one transaction (`net.core.wmem_max`). */
const MANY = Deno.env.get("WEIR_TEST_ROOTLESS") === "1" ? 100 : 1_000;

async function listing(family: Family = "IPv4"): Promise<readonly string[]> {
  return canonicalListing(await nft("list", "table", family === "IPv4" ? "ip" : "ip6", "weir"));
}

kernelTest("nft accepts the script of any cluster, in both families", async () => {
  await fc.assert(
    fc.asyncProperty(arbitraryCluster(), async (objects) => {
      for (const family of FAMILIES) {
        await nftWith(fullScript(stateOf(objects, { family })), "-c", "-f", "-");
      }
    }),
    { numRuns: 60 },
  );
});

kernelTest("nft accepts the script with every kind of setting", async () => {
  const variants = [
    settings({ detector: undefined }),
    settings({ detector: { by: "interface", name: "cni0" } }),
    settings({ detector: { by: "interface-prefix", prefix: "cali" } }),
    settings({ masqueradeAll: true, masqueradeBit: 31 }),
    settings({ masqueradeBit: 0 }),
    settings({ nodePortAddresses: "any", serviceCIDRs: [] }),
    settings({ nodePortAddresses: [] }),
  ];
  for (const variant of variants) {
    await nftWith(fullScript(stateOf(WEB, { settings: variant })), "-c", "-f", "-");
  }
});

kernelTest(
  "Names that would break out of a comment reach the kernel as harmless text",
  async () => {
    await flushRules();
    const name = 'x" ; flush ruleset ; #' + "é\n".repeat(90);
    const objects = [service(name, { clusterIP: "10.96.0.77" }), ...WEB];
    await nftWith(fullScript(stateOf(objects)), "-f", "-");
    assert.match(await nft("list", "map", "ip", "weir", "no-endpoint-services"), /10\.96\.0\.77/);
  },
);

kernelTest("A script that is cut off where weir may have been killed is refused", async () => {
  await flushRules();
  await nftWith(fullScript(stateOf(WEB)), "-f", "-");
  const state = stateOf([...WEB, service("api", { clusterIP: "10.96.0.11" })]);
  const parts = [...refusedWhenCutOff(fullScript(state))];
  for (let count = 1; count < parts.length; count++) {
    const script = parts.slice(0, count);
    await assert.rejects(nftWith(script, "-c", "-f", "-"), /syntax error/, script.join(""));
  }
  await nftWith(parts, "-c", "-f", "-");
});

kernelTest("A second full apply over the live table changes nothing", async () => {
  await flushRules();
  const backend = backendFor();
  const transition = fromNothing(WEB);
  const first = await backend.apply(transition, { full: true });
  const before = await listing();
  const second = await backend.apply(transition, { full: true });
  assert.deepEqual(await listing(), before);
  assert.deepEqual([first.mode, second.mode, first.elements], ["full", "full", second.elements]);
});

kernelTest(
  "A change of one endpoint is a transaction of two elements, among 1 Service or 1,000",
  async () => {
    for (const others of [0, 999]) {
      await flushRules();
      const crowd = Array.from({ length: others }, (_, index) => {
        const address = `10.97.${index >> 8}.${index & 255}`;
        return [
          service(`crowd-${index}`, { clusterIP: address }),
          slice(`crowd-${index}`, ["10.244.9.1"]),
        ];
      }).flat();
      const backend = backendFor();
      const first = fromNothing([...WEB, ...crowd]);
      await backend.apply(first, { full: true });
      const moved = slice("web", ["10.244.1.5", "10.244.2.6", "10.244.2.9"]);
      const snapshot = snapshotOf(...WEB, ...crowd, moved);
      const services = new Set(["default/web"]);
      const second = advance(first.next, { snapshot, settings: settings(), services });
      const report = await backend.apply(second, { full: false });
      assert.equal(report.mode, "partial");
      assert.equal(report.elements, 2);
      assert.ok(report.bytes < 250, `${report.bytes} bytes`);
      const map = await nft("list", "map", "ip", "weir", "tcp-endpoints");
      assert.match(map, /10\.96\.0\.10 \. 80 \. 2 : 10\.244\.2\.9 \. 8080/);
      assert.doesNotMatch(map, /10\.244\.2\.7/);
    }
  },
);

kernelTest("A sync without changes sends nothing to the kernel", async () => {
  await flushRules();
  const backend = backendFor();
  const first = fromNothing(WEB);
  await backend.apply(first, { full: true });
  const report = await backend.apply(transitionTo(first.next, WEB), { full: false });
  assert.deepEqual([report.mode, report.elements, report.bytes], ["partial", 0, 0]);
});

kernelTest(
  "When the table was flushed by somebody else, the next change writes everything anew",
  async () => {
    await flushRules();
    const backend = backendFor();
    const first = fromNothing(WEB);
    await backend.apply(first, { full: true });
    const before = await listing();
    await flushRules();
    const second = transitionTo(first.next, [
      WEB[0] as ClusterObject,
      slice("web", ["10.244.1.5"]),
    ]);
    const report = await backend.apply(second, { full: false });
    assert.equal(report.mode, "full");
    assert.match(
      report.fallback?.message ?? "",
      /nft says "(Could not process rule: )?No such file/,
    );
    const third = transitionTo(second.next, WEB);
    assert.equal((await backend.apply(third, { full: false })).mode, "partial");
    await new Promise((resolve) => setTimeout(resolve, 1_050));
    await backend.tidy();
    assert.deepEqual(await listing(), before);
  },
);

kernelTest("A transaction that nft refuses changes nothing and names the line", async () => {
  await flushRules();
  const client = spawnedNft();
  const script = [
    "add table ip weir\n",
    "add chain ip weir good\n",
    "add rule ip weir missing drop\n",
  ];
  await assert.rejects(client.apply(script), (error) => {
    assert.ok(error instanceof NftError);
    assert.match(error.message, /nft says ".+" at line 3: "add rule ip weir missing drop"/);
    return true;
  });
  assert.equal(await nft("list", "ruleset"), "");
});

kernelTest("A table of another schema version is made anew in the same transaction", async () => {
  await flushRules();
  await nftWith(
    [
      "add table ip weir\nadd chain ip weir old { type nat hook prerouting priority -100 ; }\n",
      "add map ip weir service-ips { type ipv4_addr : verdict ; }\n",
    ],
    "-f",
    "-",
  );
  await backendFor().apply(fromNothing(WEB), { full: true });
  assert.doesNotMatch(await nft("list", "table", "ip", "weir"), /chain old/);
});

kernelTest("The number of chains and rules is the same for one and for many Services", async () => {
  const shape = async (services: number) => {
    await flushRules();
    const objects = Array.from({ length: services }, (_, index) => [
      service(`s${index}`, {
        clusterIP: `10.97.${index >> 8}.${index & 255}`,
        type: "NodePort",
        ports: [{ nodePort: 20000 + index }],
      }),
      slice(`s${index}`, ["10.244.9.1", "10.244.9.2"]),
    ]).flat();
    await nftWith(fullScript(stateOf(objects)), "-f", "-");
    const lines = (await nft("list", "table", "ip", "weir")).split("\n");
    return {
      chains: lines.filter((line) => /^\tchain /.test(line)).length,
      sets: lines.filter((line) => /^\t(set|map) /.test(line)).length,
      rules: lines.filter((line) => /^\t\t(?!elements|typeof|flags|type |\s)/.test(line)).length,
    };
  };
  const one = await shape(1);
  assert.deepEqual(await shape(MANY), one);
  assert.ok(one.chains > 10 && one.rules > 10 && one.sets > 10, JSON.stringify(one));
});

kernelTest(
  "Any history of partial applies ends in the rules that one full apply writes",
  async () => {
    const families = fc.constantFrom(...FAMILIES);
    const property = fc.asyncProperty(arbitraryLife(), families, async (life, family) => {
      await flushRules();
      const state = await applyStepwise(life, family);
      const stepwise = await listing(family);
      await flushRules();
      await nftWith(fullScript(state), "-f", "-");
      assert.deepEqual(
        stepwise.filter((line) => !isUnusedPart(line, state)),
        await listing(family),
      );
    });
    await fc.assert(property, { numRuns: 25 });
  },
);

/** Applies a history one transaction a moment, and returns the state that is in force at its end. */
async function applyStepwise(life: readonly Moment[], family: Family): Promise<DesiredState> {
  const backend = backendFor(family);
  let current = settings({}, family);
  let snapshot: Snapshot = snapshotOf();
  let services = new Set<string>();
  const next = () => advance(state, { snapshot, settings: current, services });
  let state = emptyState(family, current);
  const first = next();
  await backend.apply(first, { full: true });
  state = first.next;
  for (const moment of life) {
    services = new Set();
    const before = current;
    if (moment.do === "move") current = settings(moment.node[family], family);
    else if (moment.do === "upsert") snapshot = withObject(snapshot, moment.object, services);
    else snapshot = withoutObject(snapshot, moment.kind, moment.key, services);
    const transition = next();
    const report = await backend.apply(transition, { full: false });
    const mode = sameRules(before, current) ? "partial" : "full";
    assert.deepEqual([report.mode, report.fallback], [mode, undefined]);
    state = transition.next;
  }
  return state;
}

/** Parts that are no longer needed stay for a second: see `PartTally`. */
function isUnusedPart(line: string, state: DesiredState): boolean {
  const [, what, name] = /^(chain|map) (\S*(?:-lb-\d+|affinity-|learn-)\S*):/.exec(line) ?? [];
  if (name === undefined) return false;
  return ![...fullScript(state)].some((chunk) =>
    chunk.includes(`add ${what} `) && chunk.includes(` ${name} `) || chunk.includes(` ${name}\n`)
  );
}
