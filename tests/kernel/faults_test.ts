import assert from "node:assert/strict";
import { spawnedNft } from "../../backends/nftables/nft.ts";
import { NftablesBackend } from "../../backends/nftables/nftables_backend.ts";
import { Proxier } from "../../daemon/proxier.ts";
import { Store } from "../../watch/store.ts";
import { FakeClock } from "../support/fake_clock.ts";
import { FaultLab, offered, WEB } from "../support/fault_lab.ts";
import { flushRules, kernelTest, nft } from "../support/kernel.ts";
import { service, settings, slice } from "../support/objects.ts";

const NEW = "10.96.0.11";

/** Returns that many addresses of pods on other nodes. */
function addresses(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `10.244.${100 + (index >> 8)}.${index & 255}`);
}

kernelTest("nft that refuses once costs nothing: everything is written anew at once", async () => {
  await using lab = await FaultLab.create();
  await lab.nft.set("refuses once");
  // Too large for the session that runs already.
  lab.upsert(service("large", { clusterIP: "10.96.0.12" }), slice("large", addresses(2_000)));
  lab.upsert(...offered("new", NEW, "remote"));
  await lab.sees(NEW, "remote");
  await lab.serves();
  assert.match(lab.log, /A partial sync failed and was repeated as a full one.*Cannot allocate/);
  assert.doesNotMatch(lab.log, /Cannot sync/);
  await lab.isReady();
});

kernelTest(
  "While nft refuses everything the last good rules stay, and all is made up for after it",
  async () => {
    await using lab = await FaultLab.create();
    await lab.nft.set("refuses");
    await lab.nft.killAll();
    lab.upsert(...offered("new", NEW, "remote"));
    await lab.isUnready(/^IPv4: the last \d+ syncs failed$/);
    await lab.isUnready(/^IPv4: a change has been waiting for \d+ s$/);
    assert.equal(await lab.health("healthz"), 503);
    assert.equal(await lab.health("livez"), 503);
    await lab.serves();
    await lab.sees(NEW, undefined);
    assert.match(lab.log, /ERROR.*Cannot sync, the last good rules stay in force.*Cannot allocate/);
    await lab.nft.set(undefined);
    await lab.sees(NEW, "remote");
    await lab.isReady();
    await lab.serves();
  },
);

kernelTest(
  "nft that hangs is killed with what it has started, and the last good rules stay",
  async () => {
    await using lab = await FaultLab.create();
    await lab.nft.set("hangs");
    await lab.nft.killAll();
    lab.upsert(...offered("new", NEW, "remote"));
    await lab.isUnready(/^IPv4: the last \d+ syncs failed$/);
    assert.equal(await lab.health("healthz"), 503);
    await lab.serves();
    assert.match(lab.log, /nft gave no answer within 3 s/);
    await lab.nft.set(undefined);
    await lab.sees(NEW, "remote");
    await lab.isReady();
    await lab.stop();
    assert.deepEqual(await lab.nft.alive(), [], "nothing of it is left");
  },
);

kernelTest(
  "nft that is killed, as when memory runs out, changes nothing, and is said to be",
  async () => {
    await using lab = await FaultLab.create();
    await lab.nft.set("killed");
    await lab.nft.killAll();
    lab.upsert(...offered("new", NEW, "remote"));
    await lab.isUnready(/^IPv4: the last \d+ syncs failed$/);
    await lab.serves();
    assert.match(lab.log, /nft was ended by signal 9, as happens when memory runs out/);
    await lab.nft.set(undefined);
    await lab.sees(NEW, "remote");
    await lab.isReady();
  },
);

kernelTest(
  "When nft has too little memory for a transaction, nothing of it counts until it has enough",
  async () => {
    await using lab = await FaultLab.create();
    await lab.nft.set("no memory");
    await lab.nft.killAll();
    lab.upsert(service("large", { clusterIP: "10.96.0.12" }), slice("large", addresses(20_000)));
    await lab.isUnready(/^IPv4: the last \d+ syncs failed$/);
    assert.match(lab.log, /Cannot sync.*Memory allocation failure/);
    await lab.serves();
    await lab.nft.set(undefined);
    lab.upsert(...offered("new", NEW, "remote"));
    await lab.sees(NEW, "remote");
    await lab.isReady();
    await lab.serves();
  },
);

kernelTest(
  "A table that another process owns stands in the way of one family, and not of the other",
  async () => {
    await using lab = await FaultLab.create(async ({ world }) => {
      const { node } = world.members;
      const owner = node.spawn("nft", ["-i"], { stdin: "piped", stdout: "null", stderr: "null" });
      const input = owner.stdin.getWriter();
      await input.write(new TextEncoder().encode("add table ip weir { flags owner ; }\n"));
      while (!(await node.output("nft", ["list", "tables"])).includes("ip weir")) {
        /* it starts */
      }
      void input.closed.catch(() => {});
      owners.push(owner);
    });
    const [owner] = owners.splice(0);
    await lab.isUnready(/^IPv4: the last \d+ syncs failed$/);
    const { reasons } = await lab.readyz();
    assert.ok(reasons.every((reason) => reason.startsWith("IPv4: ")), reasons.join());
    await lab.sees(WEB, undefined);
    const { node } = lab.world.members;
    assert.match(
      await node.output("nft", ["list", "table", "ip6", "weir"]),
      /chain nat-prerouting/,
    );
    owner?.kill("SIGKILL"); // the kernel takes its table away
    await owner?.status;
    await lab.isReady();
    await lab.serves();
  },
);

/** Processes that a test's preparation leaves to the test. */
const owners: Deno.ChildProcess[] = [];

kernelTest(
  "A chain that somebody else's rule uses is in nobody's way, and goes once it can",
  async () => {
    await flushRules();
    const clock = new FakeClock();
    const backend = new NftablesBackend("IPv4", { nft: spawnedNft(), clock });
    const store = new Store(() => clock.monotonic());
    const untidy: unknown[] = [];
    let requests = 0;
    const observer = { derived() {}, synced() {}, failed() {} };
    const proxier = new Proxier({
      backend,
      store,
      settings: () => settings(),
      clock,
      observer: { ...observer, untidy: (_, error) => untidy.push(error) },
      request: () => requests++,
    });
    proxier.follow();
    const endpoints = ["10.244.1.5", "10.244.1.6"];
    for (const object of [service("web"), slice("web", endpoints.slice(0, 1))]) {
      store.upsert(
        object,
      );
    }
    await proxier.sync();
    await nft("add chain ip weir theirs; add rule ip weir theirs goto tcp-lb-1");
    store.upsert(slice("web", endpoints));
    await proxier.sync();
    await clock.advance(1_000);
    await proxier.sync();
    assert.match(String(untidy), /Device or resource busy/);
    const table = await nft("list", "table", "ip", "weir");
    assert.match(table, /10\.96\.0\.10 \. tcp \. 80 comment "default\/web" : goto tcp-lb-2/);
    assert.match(table, /chain tcp-lb-1 /);
    await nft("flush chain ip weir theirs");
    const before = requests;
    await clock.advance(30_000);
    assert.equal(requests, before + 1);
    await proxier.sync();
    assert.doesNotMatch(await nft("list", "table", "ip", "weir"), /chain tcp-lb-1 /);
    assert.equal(untidy.length, 1);
  },
);

kernelTest("When the wall clock jumps by years, nothing else changes", async () => {
  await using lab = await FaultLab.create();
  for (const years of [10, -20]) {
    lab.wallOffset = years * 365 * 86_400_000;
    const member = years > 0 ? "remote" : "pod-a";
    lab.upsert(...offered("new", NEW, member));
    await lab.sees(NEW, member);
    await lab.serves();
    assert.equal((await lab.readyz()).status, 200);
    assert.equal(await lab.health("healthz"), 200);
  }
  assert.doesNotMatch(lab.log, /WARN|ERROR/);
});
