import type { Family } from "../../model/family.ts";
import type { Nft } from "./nft.ts";
import { NftError } from "./nft_error.ts";
import type { OwnTransaction, RulesetWatch } from "./ruleset_watch.ts";

/** Returns an {@linkcode Nft} for one family of which `watch` knows all transactions. */
export function watchedNft(nft: Nft, family: Family, watch: Pick<RulesetWatch, "begin">): Nft {
  return {
    ...nft,
    async apply(script, signal) {
      const own = watch.begin(family);
      try {
        await nft.apply(measured(script, own), signal);
        own.done();
      } catch (error) {
        if (error instanceof NftError && error.stderr !== "") own.refused();
        else own.done();
        throw error;
      }
    },
  };
}

function* measured(script: Iterable<string>, own: OwnTransaction): Iterable<string> {
  for (const chunk of script) {
    own.grows(chunk.length);
    yield chunk;
  }
}
