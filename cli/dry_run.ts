import { UNKNOWN_TABLE } from "../backends/nftables/full_script.ts";
import type { Nft } from "../backends/nftables/nft.ts";
import type { Clock } from "../model/clock.ts";
import type { Family } from "../model/family.ts";

/** Writes a piece of text to where the user reads it. */
export type Write = (text: string) => void;

/**
 * Returns an {@linkcode Nft} that prints each transaction of a family under a header line, instead of applying it.
 *
 * It needs neither root nor nft, and takes every transaction for a success.
 */
export function printingNft(family: Family, clock: Clock, write: Write): Nft {
  let transactions = 0;
  return {
    apply(script) {
      const time = new Date(clock.now()).toISOString();
      write(`# weir dry run: ${family}, transaction ${++transactions}, ${time}\n`);
      for (const chunk of script) write(chunk);
      return Promise.resolve();
    },
    inspect: () => Promise.resolve(UNKNOWN_TABLE),
    listMap: () => Promise.resolve(new Map()),
    listSet: () => Promise.resolve([]),
  };
}

/** Writes to standard output, all of it and in order. Who reads only the beginning, as `head` does, gets only that. */
export function writeStdout(text: string): void {
  let rest = new TextEncoder().encode(text);
  try {
    while (rest.length > 0) rest = rest.subarray(Deno.stdout.writeSync(rest));
  } catch (error) {
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
