/**
 * Throws when there is no program `nft` that weir may run.
 *
 * Deno looks for the programs of `--allow-run` when it starts: one that is installed later is not among them. So weir ends,
 * as kube-proxy does, and who supervises it starts it anew. One that is away for a moment, while it is upgraded, is found
 * again.
 */
export function requireNft(): void {
  const { state } = Deno.permissions.querySync({ name: "run", command: "nft" });
  if (state === "granted") return;
  throw new Error(
    'Cannot find the program "nft": install nftables 1.0.1 or newer, and start weir again',
  );
}
