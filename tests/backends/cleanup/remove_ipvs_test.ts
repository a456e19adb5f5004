import assert from "node:assert/strict";
import { removeIpvs } from "../../../backends/cleanup/remove_ipvs.ts";
import { systemClock } from "../../../model/clock.ts";
import { scriptedTools } from "../../support/scripted_tools.ts";

const SHOW = "ip -json -details address show dev kube-ipvs0";
const ABSENT = { code: 1, stderr: 'Device "kube-ipvs0" does not exist.' };

function link(kind: string, ...addresses: readonly string[]) {
  const addr_info = addresses.map((local) => ({ local }));
  return { stdout: JSON.stringify([{ linkinfo: { info_kind: kind }, addr_info }]) };
}

Deno.test("Where nothing is installed there is nothing to say", async () => {
  const { run } = scriptedTools({});
  const { removed, skipped, failures } = await removeIpvs({ clock: systemClock, run });
  assert.deepEqual([removed, skipped, failures], [[], [], []]);
});

Deno.test("Where nothing is left nobody wakes IPVS", async () => {
  const { run, calls } = scriptedTools({
    [SHOW]: ABSENT,
    "ipset list -name": { stdout: "mine\n" },
    "ipvsadm --save --numeric": { stdout: "-A -t 203.0.113.80:80 -s wlc\n" },
  });
  const { removed, failures } = await removeIpvs({ clock: systemClock, run });
  assert.deepEqual([removed, failures], [[], []]);
  assert.deepEqual(calls, [SHOW, "ipset list -name"]);
});

Deno.test("Virtual servers, the interface and the IP sets of both families go", async () => {
  const { run, inputs } = scriptedTools({
    [SHOW]: link("dummy", "10.96.0.1", "fd00:96::1"),
    "ipset list -name": { stdout: "KUBE-NODE-PORT-TCP\nmine\nKUBE-6-LOOP-BACK\n" },
    "ipset save KUBE-NODE-PORT-TCP": { stdout: "add KUBE-NODE-PORT-TCP 30080\n" },
    "ipvsadm --save --numeric": {
      stdout:
        "-A -t 10.96.0.1:443 -s rr\n-A -t [fd00:96::1]:80 -s rr\n-A -t 192.0.2.10:30080 -s rr\n" +
        "-A -t 203.0.113.80:80 -s wlc\n",
    },
    "ipvsadm --restore": {},
    "ip link delete dev kube-ipvs0": {},
    "ipset destroy KUBE-NODE-PORT-TCP": {},
    "ipset destroy KUBE-6-LOOP-BACK": {},
  });
  const { removed, failures } = await removeIpvs({ clock: systemClock, run });
  assert.deepEqual(failures, []);
  assert.deepEqual(removed, [
    "3 virtual servers",
    "the interface kube-ipvs0",
    "the IP set KUBE-NODE-PORT-TCP",
    "the IP set KUBE-6-LOOP-BACK",
  ]);
  assert.equal(
    inputs.get("ipvsadm --restore"),
    "-D -t 10.96.0.1:443\n-D -t [fd00:96::1]:80\n-D -t 192.0.2.10:30080\n",
  );
});

Deno.test("An interface of that name and another type stays, with the virtual servers on its addresses", async () => {
  const { run, calls } = scriptedTools({ [SHOW]: link("bridge", "203.0.113.80") });
  const { failures } = await removeIpvs({ clock: systemClock, run });
  assert.deepEqual(failures.map(({ message }) => message), [
    `Cannot delete the interface "kube-ipvs0": its type is "bridge", and kube-proxy's is "dummy"`,
  ]);
  assert.deepEqual(calls, [SHOW, "ipset list -name"]);
});

const IN_USE = { code: 1, stderr: "Set cannot be destroyed: it is in use by a kernel component" };
const CLOCK = { ...systemClock, sleep: () => Promise.resolve() };

Deno.test("An IP set that the kernel lets go of a little later goes a little later", async () => {
  const { run } = scriptedTools({
    [SHOW]: ABSENT,
    "ipset list -name": { stdout: "KUBE-LOOP-BACK\nKUBE-CLUSTER-IP\n" },
    "ipset destroy KUBE-LOOP-BACK": [IN_USE, IN_USE, {}],
    "ipset destroy KUBE-CLUSTER-IP": {},
  });
  const { removed, failures } = await removeIpvs({ clock: CLOCK, run });
  assert.deepEqual(failures, []);
  assert.deepEqual(removed, ["the IP set KUBE-CLUSTER-IP", "the IP set KUBE-LOOP-BACK"]);
});

Deno.test("An IP set that another's rule uses stays, and is told of", async () => {
  const { run } = scriptedTools({
    [SHOW]: ABSENT,
    "ipset list -name": { stdout: "KUBE-LOOP-BACK\nKUBE-CLUSTER-IP\n" },
    "ipset destroy KUBE-LOOP-BACK": IN_USE,
    "ipset destroy KUBE-CLUSTER-IP": {},
  });
  const { removed, failures } = await removeIpvs({ clock: CLOCK, run });
  assert.deepEqual(removed, ["the IP set KUBE-CLUSTER-IP"]);
  assert.deepEqual(failures.map(({ message }) => message), [
    `Cannot destroy the IP set "KUBE-LOOP-BACK": ${IN_USE.stderr}`,
  ]);
});

Deno.test("Tools that do not work are told of, and keep nothing else from going", async () => {
  const { run } = scriptedTools({
    [SHOW]: { code: 255, stderr: 'Option "-json" is unknown' },
    "ipset list -name": { stdout: "KUBE-NODE-PORT-UDP\n" },
    "ipset save KUBE-NODE-PORT-UDP": { stdout: "add KUBE-NODE-PORT-UDP 30053\n" },
    "ipvsadm --save --numeric": { code: 255, stderr: "Can't initialize ipvs" },
    "ipset destroy KUBE-NODE-PORT-UDP": {},
  });
  const { removed, skipped, failures } = await removeIpvs({ clock: systemClock, run });
  assert.deepEqual(removed, ["the IP set KUBE-NODE-PORT-UDP"]);
  assert.deepEqual(skipped, [
    `"ip" does not work here: Option "-json" is unknown`,
    `"ipvsadm" does not work here: Can't initialize ipvs`,
  ]);
  assert.deepEqual(failures, []);
});
