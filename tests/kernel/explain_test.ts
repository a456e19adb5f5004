import assert from "node:assert/strict";
import { spawnedLookup } from "../../backends/nftables/kernel_lookup.ts";
import { allElements, fullScript } from "../../backends/nftables/full_script.ts";
import { SETS } from "../../backends/nftables/names.ts";
import type { Answer } from "../../daemon/explain/answer.ts";
import { formatAnswer } from "../../daemon/explain/text.ts";
import { FAMILIES } from "../../model/family.ts";
import { flushRules, kernelTest, nft, nftWith } from "../support/kernel.ts";
import { endpoint, service, settings, slice } from "../support/objects.ts";
import { ask, sourcesOf } from "../daemon/explain/_ask.ts";
import { stateOf } from "../support/state.ts";
import { projectPath, WeirProcess } from "../support/weir_process.ts";

const OBJECTS = [
  service("four", {
    type: "LoadBalancer",
    ports: [{ nodePort: 30080 }],
    ingress: [{ ip: "198.51.100.1", ipMode: "VIP" }],
    externalTrafficPolicy: "Local",
    healthCheckNodePort: 31999,
    sessionAffinity: "ClientIP",
  }),
  slice("four", [endpoint("10.244.1.5", { nodeName: "node-a" }), "10.244.2.6"]),
  service("six", { clusterIP: "fd00:96::1", ports: [{ protocol: "UDP" }] }),
  slice("six", ["fd00:244::5", "fd00:244::6"], {
    ports: [{ name: "", protocol: "UDP", port: 5353 }],
  }),
];

for (const family of FAMILIES) {
  kernelTest(
    `A look into the kernel finds which elements of ${family} are there, and changes none`,
    async () => {
      await flushRules();
      const state = stateOf(OBJECTS, { family, settings: settings({}, family) });
      const elements = [...allElements(state)].filter(({ map }) => map !== SETS.serviceCIDRs);
      const lookUp = spawnedLookup();
      assert.deepEqual(await lookUp(family, elements), {
        missing: elements,
        different: [],
        isTableGone: true,
      });
      await nftWith(fullScript(state), "-f", "-");
      const before = await nft("list", "ruleset");
      assert.deepEqual(await lookUp(family, elements), {
        missing: [],
        different: [],
        isTableGone: false,
      });
      const others = elements.filter(({ rest }) => / : \S+ \. \d+$/.test(rest))
        .map((element) => ({ ...element, rest: `${element.rest.slice(0, -1)}1` }));
      const strangers = elements.filter(({ map }) => map.endsWith("-endpoints"))
        .map((element) => ({ ...element, key: element.key.replace(/\d+$/, "99") }));
      assert.ok(others.length > 1 && strangers.length > 1);
      assert.deepEqual(await lookUp(family, [...others, ...strangers]), {
        missing: strangers,
        different: others,
        isTableGone: false,
      });
      assert.equal(await nft("list", "ruleset"), before);
      await flushRules();
    },
  );
}

const EXAMPLES = projectPath("examples");

kernelTest("weir explain asks the weir that runs, which looks into the kernel", async () => {
  await flushRules();
  await using weir = new WeirProcess([
    ...["--manifests", EXAMPLES, "--hostname-override=demo-node"],
    ...["--cluster-cidr=10.244.0.0/16", "--metrics-bind-address=127.0.0.1:11249"],
  ]);
  await weir.logged(/Synced family=IPv4/);
  await weir.logged(/Synced family=IPv6/);
  const text = await explain("10.96.0.10:80", "--from=pod");
  assert.match(text, /^10\.96\.0\.10:80\/TCP is the cluster IP of "default\/my-svc": reaches 2/);
  assert.match(text, /tcp-lb-2: dnat ip to/);
  assert.match(text, /the kernel has all 3 elements of this, as they should be/);
  const json: Answer = JSON.parse(await explain("default/my-svc:80", "-o", "json"));
  assert.deepEqual(json.inForce.map(({ family, kernel }) => [family, kernel?.missing]), [
    ["IPv4", 0],
  ]);
  assert.match(await explain("10.96.0.99:80"), /no Service has this address/);
  assert.doesNotMatch(weir.log, / guard |Repaired/, "the guard of the rules takes no notice");
});

kernelTest("An answer tells what the kernel has lost", async () => {
  await flushRules();
  const sources = {
    ...sourcesOf(OBJECTS, {}, ["IPv4"]),
    live: { health: () => undefined, notReady: () => [], lookUp: spawnedLookup() },
  };
  const text = async () => formatAnswer(await ask("10.96.0.10:80", "pod", sources));
  assert.match(await text(), /NOT got weir's table/);
  await nftWith(fullScript(sources.states[0]!), "-f", "-");
  assert.match(await text(), /the kernel has all 4 elements/);
  await nft("delete", "element", "ip", "weir", "tcp-endpoints", "{ 10.96.0.10 . 80 . 1 }");
  assert.match(await text(), /DIFFERS: of 4 elements, 1 missing, 0 different/);
  await flushRules();
});

async function explain(...args: string[]): Promise<string> {
  const all = ["explain", ...args, "--metrics-bind-address=127.0.0.1:11249"];
  await using asking = new WeirProcess(all);
  assert.equal(await asking.ended(), 0, asking.log);
  return asking.output;
}

kernelTest("weir explain with a folder needs no weir that runs, and no rights", async () => {
  await using weir = new WeirProcess(["explain", "10.96.0.10:80", "--manifests", EXAMPLES]);
  assert.equal(await weir.ended(), 0, weir.log);
  assert.match(weir.output, /reaches 2 endpoints/);
  assert.doesNotMatch(weir.output, /In force/);
});

const REFUSED = [
  {
    name: "when nothing listens",
    args: ["a/b", "--metrics-bind-address=127.0.0.1:9"],
    says: /Error: Cannot ask weir at 127\.0\.0\.1:9: .*refused.*--manifests/s,
  },
  { name: "a target that is none", args: ["web"], says: /Usage: weir explain[\s\S]*"web": write/ },
  {
    name: "a format that is none",
    args: ["a/b", "-o", "yaml"],
    says: /"yaml": --output is text or/,
  },
  { name: "a folder that is not there", args: ["a/b", "--manifests=/none"], says: /"\/none"/ },
];

for (const { name, args, says } of REFUSED) {
  kernelTest(`weir explain ends with exit code 1 and says why: ${name}`, async () => {
    await using weir = new WeirProcess(["explain", ...args]);
    assert.equal(await weir.ended(), 1);
    assert.match(weir.log, says);
    assert.equal(weir.output, "");
  });
}
