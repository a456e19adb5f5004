import assert from "node:assert/strict";
import { covers, DELIBERATE, type DeliberateDifference, isExpected } from "./differences.ts";
import { summary } from "./prober.ts";
import { Renderer } from "./render.ts";
import { digest, judge, stale } from "./report.ts";
import type { Comparison } from "./run.ts";
import { ask, service, slice } from "./scenario.ts";
import { RUNS } from "./scenarios/runs.ts";

const SCENARIOS = RUNS.flatMap(({ scenarios }) => scenarios);

const SEEN: Comparison = {
  run: "a run",
  scenario: "a scenario",
  step: "at first",
  probe: "IPv4 client → cluster IP 80/TCP",
  reference: "pod-a from node",
  weir: "refused",
};

const MEANT: DeliberateDifference = {
  section: "A section",
  scenario: "a scenario",
  where: /^at first: IPv4/,
  reference: /^pod-a/,
  weir: /^refused$/,
};

Deno.test("Every deliberate difference has its section in docs/differences.md", async () => {
  const text = await Deno.readTextFile(new URL("../../docs/differences.md", import.meta.url));
  const marked = [...text.matchAll(/^## (.*) ◆$/gm)].map(([, heading]) => heading);
  assert.deepEqual([...new Set(DELIBERATE.map(({ section }) => section))].sort(), marked.sort());
});

Deno.test("Every deliberate difference is about a scenario that there is", () => {
  for (const { scenario } of DELIBERATE) {
    const isIt = (name: string) =>
      typeof scenario === "string" ? scenario === name : scenario.test(name);
    assert.ok(SCENARIOS.some(({ name }) => isIt(name)), String(scenario));
  }
});

Deno.test("Every scenario has a name of its own, and probes of Services that it has", () => {
  const names = SCENARIOS.map(({ name }) => name);
  assert.deepEqual(names.filter((name, index) => names.indexOf(name) !== index), []);
  for (const { name, objects, changes = [], probes } of SCENARIOS) {
    assert.ok(probes.length > 0, name);
    const pieces = [...objects, ...changes.flatMap(({ apply = [] }) => apply)];
    const services = pieces.flatMap((piece) => piece.kind === "Service" ? [piece.name] : []);
    for (const probe of probes) {
      if (typeof probe.to !== "string") continue;
      assert.ok(services.includes(probe.service), `${name}: ${probe.service}`);
    }
  }
});

Deno.test("A difference is deliberate only where it is listed, and with the listed outcomes", () => {
  const cases: readonly (readonly [Partial<Comparison>, boolean])[] = [
    [{}, true],
    [{ scenario: "another" }, false],
    [{ step: "after a change" }, false],
    [{ probe: "IPv6 client → cluster IP 80/TCP" }, false],
    [{ reference: "timeout" }, false],
    [{ weir: "timeout" }, false],
  ];
  for (const [changes, want] of cases) {
    assert.equal(covers(MEANT, { ...SEEN, ...changes }), want, JSON.stringify(changes));
  }
});

Deno.test("What is expected is the same on both sides, or what is listed", () => {
  const same = { ...SEEN, weir: SEEN.reference };
  assert.equal(isExpected([], same), true);
  assert.equal(isExpected([], SEEN), false);
  assert.equal(isExpected([MEANT], SEEN), true);
  assert.equal(isExpected([MEANT], { ...SEEN, weir: "timeout" }), false);
  assert.equal(isExpected([MEANT], same), false, "the difference has not shown yet");
  assert.equal(isExpected([{ ...MEANT, sometimes: true }], same), true);
});

Deno.test("The verdict names scenarios with differences, and those that nobody means", () => {
  const same = { ...SEEN, scenario: "another", weir: SEEN.reference };
  const bad = { ...SEEN, scenario: "a third" };
  const { lines, unexplained } = judge([SEEN, same, bad], [MEANT]);
  assert.deepEqual(lines.filter((line) => !line.startsWith(" ")), [
    "deliberate a scenario (1 probes)",
    "same       another (1 probes)",
    "DIFFERENT  a third (1 probes)",
  ]);
  assert.deepEqual(unexplained, [bad]);
  assert.deepEqual(digest([bad, { ...bad, probe: "IPv6" }]), [
    "- a run: a third: at first: IPv4 client → cluster IP 80/TCP and 1 more",
    "    kube-proxy: pod-a from node; weir: refused",
  ]);
});

Deno.test("A listed difference that does not show is told, unless it comes at random", () => {
  const same = { ...SEEN, weir: SEEN.reference };
  assert.deepEqual(stale([same], [MEANT]), [MEANT]);
  assert.deepEqual(stale([SEEN], [MEANT]), []);
  assert.deepEqual(stale([same], [{ ...MEANT, sometimes: true }]), []);
  assert.deepEqual(stale([], [MEANT]), [], "it was not played");
});

Deno.test("An outcome names the servers and the source that they saw", () => {
  const answered = (server: string, source: string) =>
    ({ result: "answered", server, source, sourcePort: 1 }) as const;
  const fromPod = [answered("remote", "10.244.1.6"), answered("pod-a", "10.244.1.6")];
  assert.equal(summary(fromPod, "pod-b"), "pod-a+remote from own");
  assert.equal(summary(fromPod, "pod-b", true), "2 of them from own");
  assert.equal(summary([answered("pod-a", "192.0.2.10")], "pod-b"), "pod-a from node");
  assert.equal(
    summary([answered("pod-a", "192.0.2.112"), { result: "timeout" }], "client"),
    "pod-a from own, timeout",
  );
  assert.equal(summary([{ result: "refused" }, { result: "refused" }], "client"), "refused");
});

Deno.test("Services of one run share no address and no node port", () => {
  const renderer = new Renderer();
  const scenarios = ["one", "two"].map((name) => ({
    name,
    objects: [service(), service({ name: "second" }), slice(["pod-a"])],
    probes: [],
  }));
  const seen = new Set<string>();
  for (const scenario of scenarios) {
    for (const name of ["web", "second"]) {
      for (const probe of ask("client", ["cluster IP", "node port"], { service: name })) {
        const place = renderer.place(scenario, probe, "IPv6");
        assert.deepEqual(renderer.place(scenario, probe, "IPv6"), place, "the same each time");
        seen.add(`${place?.address} ${place?.port}`);
      }
    }
  }
  assert.equal(seen.size, 8);
});
