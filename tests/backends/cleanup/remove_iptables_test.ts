import assert from "node:assert/strict";
import { removeIptables } from "../../../backends/cleanup/remove_iptables.ts";
import { systemClock } from "../../../model/clock.ts";
import { IPTABLES_MODE } from "../../support/kube_proxy_rules.ts";
import { scriptedTools } from "../../support/scripted_tools.ts";

Deno.test("Where nothing is installed there is nothing to say", async () => {
  const { run, calls } = scriptedTools({});
  assert.deepEqual({ ...await removeIptables("IPv6", { clock: systemClock, run }) }, {
    removed: [],
    skipped: [],
    failures: [],
  });
  assert.deepEqual(calls, ["ip6tables-nft-save", "ip6tables-legacy-save", "ip6tables-save"]);
});

Deno.test("A host has used either variant: both are looked at, and the plain name is not asked again", async () => {
  const { run, calls } = scriptedTools({
    "iptables-nft-save": { stdout: "" },
    "iptables-legacy-save": { stdout: IPTABLES_MODE.IPv4 },
    "iptables-legacy-restore --wait 5 --noflush": {},
  });
  const { removed, failures } = await removeIptables("IPv4", { clock: systemClock, run });
  assert.deepEqual(failures, []);
  assert.deepEqual(removed, ["18 chains and 12 jumps (iptables-legacy)"]);
  assert.deepEqual(calls, [
    "iptables-nft-save",
    "iptables-legacy-save",
    "iptables-legacy-restore --wait 5 --noflush",
  ]);
});

Deno.test("An old system has only the plain name", async () => {
  const { run } = scriptedTools({
    "iptables-save": { stdout: IPTABLES_MODE.IPv4 },
    "iptables-restore --wait 5 --noflush": {},
  });
  const { removed } = await removeIptables("IPv4", { clock: systemClock, run });
  assert.equal(removed.length, 1);
});

Deno.test("A tool that does not work is told of, and does not keep the other from its work", async () => {
  const { run } = scriptedTools({
    "iptables-nft-save": { code: 1, stderr: "Failed to initialize nft: Not supported\nmore" },
    "iptables-legacy-save": { stdout: IPTABLES_MODE.IPv4 },
    "iptables-legacy-restore --wait 5 --noflush": { code: 4, stderr: "lock is held" },
  });
  const { removed, skipped, failures } = await removeIptables("IPv4", { clock: systemClock, run });
  assert.deepEqual(removed, []);
  assert.deepEqual(skipped, [
    `"iptables-nft" does not work here: Failed to initialize nft: Not supported`,
  ]);
  assert.deepEqual(failures.map(({ message }) => message), [
    `Cannot remove kube-proxy's chains: "iptables-legacy-restore": lock is held`,
  ]);
});

Deno.test("Rules that nobody was allowed to look at may be kube-proxy's: that is a failure", async () => {
  const denied = "iptables-save (legacy): Cannot initialize: Permission denied (you must be root)";
  const { run } = scriptedTools({
    "iptables-nft-save": { stdout: "" },
    "iptables-legacy-save": { code: 1, stderr: denied },
  });
  const { removed, skipped, failures } = await removeIptables("IPv4", { clock: systemClock, run });
  assert.deepEqual([removed, skipped], [[], []]);
  assert.deepEqual(failures.map(({ message }) => message), [
    'Cannot look for what kube-proxy left with "iptables-legacy", it needs CAP_NET_ADMIN and ' +
    `CAP_NET_RAW: ${denied}`,
  ]);
});
