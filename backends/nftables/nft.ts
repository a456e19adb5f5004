import type { Family } from "../../model/family.ts";
import { type ProcessResult, type RunProcess, runProcess } from "../process.ts";
import { parseMapListing } from "./affinity_sweep.ts";
import { parseSetListing } from "./affinity_unlearned.ts";
import { refusedWhenCutOff } from "./cut_off.ts";
import { type LiveTable, UNKNOWN_TABLE } from "./full_script.ts";
import { KUBE_PROXY_TABLE, nftFamily, SCHEMA_CHAIN, TABLE } from "./names.ts";
import { NftError, nftFailure } from "./nft_error.ts";
import { partsIn } from "./parts.ts";
import { BASE_CHAINS } from "./schema.ts";

/** How weir reaches nftables; the dry run has another one. */
export interface Nft {
  /** Runs `script` as one transaction. Rejects with {@linkcode NftError} when nothing of it took effect. */
  apply(script: Iterable<string>, signal?: AbortSignal): Promise<void>;
  /** Tells what the kernel holds of a family's table. */
  inspect(family: Family, signal?: AbortSignal): Promise<LiveTable>;
  /** Lists a map of weir's from addresses: key → value. A map that is not there is empty. */
  listMap(family: Family, map: string, signal?: AbortSignal): Promise<ReadonlyMap<string, string>>;
  /** Lists the keys of a set of weir's, parts joined with ` . `. A set that is not there is empty. */
  listSet(family: Family, set: string, signal?: AbortSignal): Promise<readonly string[]>;
}

/** How to run the `nft` program. */
export interface NftOptions {
  readonly run?: RunProcess;
  /** Milliseconds for one transaction. Loading 300,000 elements takes 5 s on 2 cores. */
  readonly timeoutMs?: number;
}

/** Returns an {@linkcode Nft} that spawns `nft -f -` for every transaction. */
export function spawnedNft(options: NftOptions = {}): Nft {
  const { run = runProcess, timeoutMs = 120_000 } = options;
  const nft = async (
    action: string,
    args: readonly string[],
    rest: { stdin?: Iterable<string>; signal?: AbortSignal | undefined },
  ): Promise<ProcessResult> => {
    const { stdin, signal } = rest;
    try {
      return await run("nft", args, {
        timeoutMs,
        ...(stdin === undefined ? {} : { stdin }),
        ...(signal === undefined ? {} : { signal }),
      });
    } catch (cause) {
      throw new NftError(
        `Cannot ${action}: the program "nft" cannot be run, install nftables 1.0.1 or newer`,
        { cause },
      );
    }
  };
  const list = async (
    [what, name]: readonly ["map" | "set", string],
    family: Family,
    signal: AbortSignal | undefined,
  ): Promise<string> => {
    const args = ["--numeric", "list", what, nftFamily(family), TABLE, name];
    const result = await nft(`list the ${what} "${name}"`, args, { signal });
    if (result.code === 0) return result.stdout;
    if (result.stderr.includes("No such file or directory")) return "";
    throw nftFailure(`list the ${what} "${name}"`, result, timeoutMs);
  };
  return {
    async apply(script, signal) {
      const action = "apply a transaction";
      const stdin = refusedWhenCutOff(script);
      const result = await nft(action, ["-f", "-"], { stdin, signal });
      if (result.code !== 0) throw nftFailure(action, result, timeoutMs);
    },
    async inspect(family, signal) {
      const action = `list the chains of family "${nftFamily(family)}"`;
      const result = await nft(action, ["list", "chains", nftFamily(family)], { signal });
      if (result.code !== 0) throw nftFailure(action, result, timeoutMs);
      return parseLiveTable(result.stdout, family);
    },
    async listMap(family, map, signal) {
      return parseMapListing(await list(["map", map], family, signal));
    },
    async listSet(family, set, signal) {
      return parseSetListing(await list(["set", set], family, signal));
    },
  };
}

/** Reads the output of `nft list chains`, which has the chains of all tables but neither rules nor elements. */
export function parseLiveTable(listing: string, family: Family): LiveTable {
  const startOf = (table: string) => listing.indexOf(`table ${nftFamily(family)} ${table} {\n`);
  const hasKubeProxy = startOf(KUBE_PROXY_TABLE) >= 0;
  const start = startOf(TABLE);
  if (start < 0) return { ...UNKNOWN_TABLE, absent: true, hasKubeProxy };
  const block = listing.slice(start, listing.indexOf("\n}", start));
  const found = [...block.matchAll(/^\s*chain (\S+) \{(?:\n\s*type .*; policy (\S+);)?/gm)];
  const chains = found.map(([, name = ""]) => name);
  const isAltered = found.some(([, name = "", policy]) =>
    BASE_CHAINS.has(name) ? policy !== "accept" : policy !== undefined
  );
  return {
    absent: false,
    outdated: isAltered || (chains.length > 0 && !chains.includes(SCHEMA_CHAIN)),
    parts: partsIn(family, chains),
    hasKubeProxy,
  };
}
