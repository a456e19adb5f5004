import assert from "node:assert/strict";
import { deleteTables } from "../../../backends/nftables/cleanup.ts";
import { UNKNOWN_TABLE } from "../../../backends/nftables/full_script.ts";
import type { Nft } from "../../../backends/nftables/nft.ts";

/** An nft that notes what it is told, and refuses what matches `refused`; families for a `reason`. */
function notingNft(
  refused: RegExp,
  reason = "No nft",
): { readonly nft: Nft; readonly applied: string[] } {
  const applied: string[] = [];
  const nft: Nft = {
    apply(script) {
      const text = [...script].join("");
      applied.push(text);
      return refused.test(text) ? Promise.reject(new Error("Refused")) : Promise.resolve();
    },
    inspect: (family) =>
      refused.test(family) ? Promise.reject(new Error(reason)) : Promise.resolve(UNKNOWN_TABLE),
    listMap: () => Promise.resolve(new Map()),
    listSet: () => Promise.resolve([]),
  };
  return { nft, applied };
}

Deno.test("Each table goes by itself, so that one which stays keeps no other", async () => {
  const { nft, applied } = notingNft(/delete table ip weir/);
  const { failures, skipped } = await deleteTables(nft, ["weir", "kube-proxy"]);
  assert.deepEqual(failures.map(({ message }) => message), ["Refused"]);
  assert.deepEqual(skipped, []);
  assert.deepEqual(
    applied,
    ["ip weir", "ip kube-proxy", "ip6 weir", "ip6 kube-proxy"].map((table) =>
      `add table ${table}\ndelete table ${table}\n`
    ),
  );
});

Deno.test("Where nft does not work for a family, nothing of it can be there, and that is no failure", async () => {
  const { nft, applied } = notingNft(/IPv6/);
  const { failures, skipped } = await deleteTables(nft, ["weir", "kube-proxy"]);
  assert.deepEqual([failures, skipped], [[], ["No nft"]]);
  assert.equal(applied.length, 2);
});

Deno.test("Without the right to look at a family's tables they may be there, and that is a failure", async () => {
  const reason = 'Cannot list the chains of family "ip6": nft says "Operation not permitted"';
  const { nft, applied } = notingNft(/IPv6/, reason);
  const { failures, skipped } = await deleteTables(nft, ["weir", "kube-proxy"]);
  assert.deepEqual([failures.map(({ message }) => message), skipped], [[reason], []]);
  assert.equal(applied.length, 2);
});
