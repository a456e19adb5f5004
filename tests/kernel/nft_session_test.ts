import assert from "node:assert/strict";
import { NftError } from "../../backends/nftables/nft_error.ts";
import { spawnedNft } from "../../backends/nftables/nft.ts";
import { NftSession } from "../../backends/nftables/nft_session.ts";
import { withSession } from "../../backends/nftables/session_nft.ts";
import { NftablesBackend } from "../../backends/nftables/nftables_backend.ts";
import { advance } from "../../model/advance.ts";
import { systemClock } from "../../model/clock.ts";
import { emptyState } from "../../model/desired_state.ts";
import { flushRules, kernelTest, nft } from "../support/kernel.ts";
import { service, settings, slice, snapshotOf } from "../support/objects.ts";

const TABLE = "add table ip weir\nadd map ip weir m { typeof ip daddr : tcp dport ; }\n";

kernelTest("A session applies one transaction after the other", async () => {
  await flushRules();
  const session = new NftSession();
  await session.apply(TABLE);
  for (let port = 1; port <= 50; port++) {
    await session.apply(`add element ip weir m { 10.0.0.${port},\n 10.0.1.${port} }\n`
      .replaceAll(/(10\.0\.\d\.\d+)/g, `$1 : ${port}`));
  }
  assert.equal((await nft("list", "map", "ip", "weir", "m")).match(/10\.0\./g)?.length, 100);
  await session.close();
});

kernelTest(
  "A transaction that a session refuses changes nothing, is explained, and the session goes on",
  async () => {
    await flushRules();
    const session = new NftSession();
    await session.apply(TABLE);
    const bad = "add element ip weir m { 10.0.0.1 : 1 }\ndelete element ip weir m { 10.0.0.2 }\n";
    await assert.rejects(session.apply(bad), (error) => {
      assert.ok(error instanceof NftError);
      assert.match(error.message, /nft says "Could not process rule: No such file or directory"/);
      return true;
    });
    assert.doesNotMatch(await nft("list", "map", "ip", "weir", "m"), /10\.0\.0\.1/);
    await session.apply("add element ip weir m { 10.0.0.3 : 3 }\n");
    assert.match(await nft("list", "map", "ip", "weir", "m"), /10\.0\.0\.3/);
    await session.close();
  },
);

kernelTest("A session takes no harm from a terminal that nft does not know", async () => {
  await flushRules();
  const session = new NftSession({ command: ["sh", "-c", "TERM=unheard-of exec nft -i"] });
  await session.apply(TABLE);
  await assert.rejects(session.apply("delete element ip weir m { 10.0.0.2 }\n"), /No such file/);
  await session.apply("add element ip weir m { 10.0.0.3 : 3 }\n");
  assert.match(await nft("list", "map", "ip", "weir", "m"), /10\.0\.0\.3/);
  await session.close();
});

kernelTest("A session that hangs is killed, and the next transaction has a new one", async () => {
  await flushRules();
  const hanging = new NftSession({ command: ["unshare", "--", "sleep", "60"], timeoutMs: 100 });
  await assert.rejects(hanging.apply(TABLE), /no answer within 0\.1 s/);
  await hanging.close();
  const dying = new NftSession({ command: ["unshare", "--", "true"] });
  await assert.rejects(dying.apply(TABLE));
  await dying.close();
  const missing = new NftSession({ command: ["unshare-that-is-not-there"] });
  await assert.rejects(missing.apply(TABLE), /cannot be run/);
});

kernelTest("A backend with a session recovers when somebody else flushes everything", async () => {
  await flushRules();
  const session = new NftSession();
  const backend = new NftablesBackend("IPv4", {
    nft: withSession(spawnedNft(), session),
    clock: systemClock,
  });
  const web = service("web");
  const change = (...addresses: readonly string[]) => ({
    snapshot: snapshotOf(web, slice("web", addresses)),
    settings: settings(),
    services: "all",
  } as const);
  const first = advance(emptyState("IPv4", settings()), change("10.244.1.5"));
  await backend.apply(first, { full: true });
  const second = advance(first.next, change("10.244.1.6"));
  assert.equal((await backend.apply(second, { full: false })).fallback, undefined);
  await flushRules();
  const third = advance(second.next, change("10.244.1.7"));
  const report = await backend.apply(third, { full: false });
  assert.equal(report.mode, "full");
  assert.match(await nft("list", "map", "ip", "weir", "tcp-endpoints"), /10\.244\.1\.7/);
  const fourth = advance(third.next, change("10.244.1.8"));
  assert.equal((await backend.apply(fourth, { full: false })).mode, "partial");
  await session.close();
});
