import assert from "node:assert/strict";
import { UNKNOWN_TABLE } from "../../../backends/nftables/full_script.ts";
import { withSession } from "../../../backends/nftables/session_nft.ts";

/** An Nft and a session that note what they get; the session fails when told to. */
function setUp() {
  const log: string[] = [];
  const state = { fails: false };
  const nft = withSession(
    {
      apply: (script) => Promise.resolve(void log.push(`spawned ${[...script].join("").length}`)),
      inspect: () => Promise.resolve(UNKNOWN_TABLE),
      listMap: () => Promise.resolve(new Map()),
      listSet: () => Promise.resolve([]),
    },
    {
      apply: (script) => {
        log.push(`session ${script.length}`);
        return state.fails ? Promise.reject(new Error("broken")) : Promise.resolve();
      },
    },
  );
  return { nft, log, state };
}

Deno.test("Small transactions go through the session, large ones do not", async () => {
  const { nft, log } = setUp();
  await nft.apply(["a".repeat(100)]);
  await nft.apply(["a".repeat(20_000), "b".repeat(20_000), "c".repeat(20_000)]);
  assert.deepEqual(log, ["session 100", "spawned 60000"]);
});

Deno.test("After a failure the next transaction is spawned, and the one after that is not", async () => {
  const { nft, log, state } = setUp();
  state.fails = true;
  await assert.rejects(nft.apply(["a"]), /broken/);
  await nft.apply(["bb"]);
  state.fails = false;
  await nft.apply(["ccc"]);
  assert.deepEqual(log, ["session 1", "spawned 2", "session 3"]);
});

Deno.test("While the session works on a transaction, the next one is spawned", async () => {
  const { nft, log } = setUp();
  await Promise.all([nft.apply(["a"]), nft.apply(["bb"])]);
  await nft.apply(["ccc"]);
  assert.deepEqual(log, ["session 1", "spawned 2", "session 3"]);
});
