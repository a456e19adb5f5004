/**
 * weir as a library: read a configuration, build the state of a cluster, render its ruleset.
 *
 * ```ts
 * import { parseConfiguration, readManifests, render } from "./mod.ts";
 *
 * const text = await Deno.readTextFile("config.yaml");
 * const { config } = parseConfiguration(text, { file: "config.yaml" });
 * const { objects } = await readManifests("examples");
 * const { script } = render(objects, { config, hostname: "node-a" });
 * ```
 *
 * @module
 */
export { parseConfiguration } from "./config/parse.ts";
export { defaultConfiguration, type KubeProxyConfiguration } from "./config/configuration.ts";
export { advance, type Change, type Transition } from "./model/advance.ts";
export { type DesiredState, emptyState, frontends, winner } from "./model/desired_state.ts";
export type { ClusterObject } from "./model/objects.ts";
export { EMPTY_SNAPSHOT, type Snapshot, withObject, withoutObject } from "./model/snapshot.ts";
export { strip } from "./watch/strip.ts";
export { readManifests } from "./watch/manifest_source.ts";
export { fullScript } from "./backends/nftables/full_script.ts";
export { evaluate, type Evaluation, type Node, type Packet } from "./backends/memory/evaluate.ts";
export { MemoryNft } from "./backends/memory/memory_nft.ts";
export { render, type Rendering } from "./cli/render.ts";
