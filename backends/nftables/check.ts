import type { Family } from "../../model/family.ts";
import type { Settings } from "../../model/settings.ts";
import { type ProcessResult, type RunProcess, runProcess } from "../process.ts";
import { type Affinity, affinityMaps, stickyChain } from "./affinity.ts";
import { learners } from "./affinity_learning.ts";
import { type Feature, FEATURES, type Objects } from "./kernel_features.ts";
import { balancerChain, balancerKinds } from "./names.ts";
import { nftFailure } from "./nft_error.ts";
import { balancer, declarations, fixedChains } from "./schema.ts";
import { Statements } from "./statements.ts";

/** Something that this machine lacks. */
export interface Lack {
  /** E.g. `random choice of an endpoint (numgen)`. */
  readonly what: string;
  /** What brings it, e.g. `enable CONFIG_NFT_NUMGEN`; or nft's own words where nobody can say. */
  readonly remedy: string;
}

/** How to check. */
export interface CheckOptions {
  readonly run?: RunProcess;
  readonly signal?: AbortSignal;
}

/** The table that the checks are about: no real one is touched, and it is never made. */
const CHECK_TABLE = "weir-check";

/** Milliseconds for one check. It takes some 20, but the kernel may have to load modules for it. */
const TIMEOUT_MS = 30_000;

/**
 * Returns what this machine lacks for the rules of `family`; nothing when it takes all that weir ever writes.
 *
 * The kernel is asked (`nft --check`) about the whole schema, with a sample of what Services add to it. Only when it
 * refuses is it asked about one feature after the other. Nothing is changed.
 */
export async function checkNftables(
  family: Family,
  options: CheckOptions = {},
): Promise<readonly Lack[]> {
  const result = await check(family, wholeSchema(family), options);
  if (result === undefined) {
    return [{ what: `the program "nft"`, remedy: "install nftables 1.0.1 or newer" }];
  }
  if (result.code === 0) return [];
  if (result.stderr.includes("Operation not permitted")) {
    return [{ what: "the right to change rules", remedy: "grant the capability CAP_NET_ADMIN" }];
  }
  const lacking = result.timedOut ? [] : await lackingFeatures(family, options);
  if (lacking.length > 0) return lacking;
  const { message } = nftFailure("check the rules", result, TIMEOUT_MS);
  return [{ what: "an nftables that takes weir's rules", remedy: message }];
}

/** Returns the version of nft, e.g. `1.0.6`; undefined when it cannot be found out. */
export async function nftVersion(options: CheckOptions = {}): Promise<string | undefined> {
  const result = await nft(["--version"], options);
  return /\bv(\d[\w.]*)/.exec(result?.stdout ?? "")?.[1];
}

async function lackingFeatures(family: Family, options: CheckOptions): Promise<readonly Lack[]> {
  const lacking: Feature[] = [];
  for (const feature of FEATURES) {
    const result = await check(family, feature.sample(family), options);
    if (result?.code === 0) continue;
    lacking.push(feature);
    if (feature.isBasis) break;
  }
  return lacking.map(({ what, remedy }) => ({ what, remedy: remedy(family) }));
}

function check(
  family: Family,
  objects: Objects,
  options: CheckOptions,
): Promise<ProcessResult | undefined> {
  return nft(["--check", "--file", "-"], options, script(family, objects));
}

/** Runs nft; returns undefined when there is no such program. */
async function nft(
  args: readonly string[],
  { run = runProcess, signal }: CheckOptions,
  stdin?: Iterable<string>,
): Promise<ProcessResult | undefined> {
  try {
    return await run("nft", args, {
      timeoutMs: TIMEOUT_MS,
      ...(stdin === undefined ? {} : { stdin }),
      ...(signal === undefined ? {} : { signal }),
    });
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}

function* script(family: Family, { sets, chains }: Objects): Iterable<string> {
  const write = new Statements(family, CHECK_TABLE);
  yield write.addTable();
  for (const set of sets) yield write.declare(set);
  for (const chain of chains) yield write.addChain(chain);
  for (const chain of chains) yield write.addRules(chain);
}

/** Returns the fixed part of the schema, one balancer of each kind, and what session affinity adds for one port. */
function wholeSchema(family: Family): Objects {
  const balancers = balancerKinds().map((kind) => ({ ...kind, size: 2 }));
  const [first] = balancers.map(balancerChain);
  const sticky = { affinity: AFFINITY, list: "cluster", balancer: first ?? "" } as const;
  return {
    sets: [...declarations(family), ...affinityMaps(family, AFFINITY)],
    chains: [
      ...fixedChains(family, settings(family)),
      ...balancers.map((each) => balancer(family, each)),
      stickyChain(family, "sticky", sticky),
      ...learners(family, AFFINITY),
    ],
  };
}

const AFFINITY: Affinity = { id: "sample", protocol: "TCP", seconds: 10_800, hasLocal: true };

/** The settings that need the most of nftables. */
function settings(family: Family): Settings {
  const cidr = family === "IPv4" ? "192.0.2.0/24" : "2001:db8::/64";
  return {
    nodeName: "",
    zone: "",
    nodeAddress: undefined,
    offersExternalIPs: true,
    localAddresses: [],
    detector: { by: "source", cidr },
    masqueradeAll: false,
    masqueradeBit: 14,
    nodePortAddresses: "any",
    serviceCIDRs: [],
  };
}
