import { EMPTY_SNAPSHOT, type Snapshot } from "../../model/snapshot.ts";
import { advance } from "../../model/advance.ts";
import { type DesiredState, emptyState, winner } from "../../model/desired_state.ts";
import type { Frontend } from "../../model/frontend.ts";
import type { ObjectKey } from "../../model/objects.ts";
import { nodePortIPs } from "../../model/settings.ts";
import { systemClock } from "../../model/clock.ts";
import { MemoryNft } from "../../backends/memory/memory_nft.ts";
import { fullScript } from "../../backends/nftables/full_script.ts";
import type { Walked } from "./explanation.ts";
import type { Sender } from "./sender.ts";

/** Endpoints up to which every choice of the rules is tried. */
const MOST_ENDPOINTS = 50;

/** Endpoints of all frontends of a Service up to which its rules are written at all. */
const MOST_ELEMENTS = 2_000;

/** Sends the first packet of a connection to a frontend through rules; null when there are too many ways to go. */
export type WalkTo = (frontend: Frontend, sender: Sender) => Walked | null;

/**
 * Returns what walks packets through the rules that a node would have with one Service alone: as many as the Service has
 * elements, whatever the cluster has.
 */
export async function walkerFor(
  key: ObjectKey,
  state: DesiredState,
  snapshot: Snapshot,
): Promise<WalkTo> {
  const { settings } = state;
  if (sizeOf(key, state) > MOST_ELEMENTS) return () => null;
  const nft = new MemoryNft({ clock: systemClock });
  await nft.apply(fullScript(aloneIn(key, state, snapshot)));
  const localAddresses = new Set([...settings.localAddresses, ...nodePortIPs(settings)]);
  return (frontend, sender) => {
    if (Math.max(frontend.cluster.length, frontend.local.length) > MOST_ENDPOINTS) return null;
    const destination = frontend.address === "" ? nodePortIPs(settings)[0] : frontend.address;
    if (destination === undefined) return null;
    const { protocol, port } = frontend;
    const { address: source, ingress } = sender;
    const packet = { protocol, port, source, destination, ingress };
    const { verdict, paths } = nft.evaluate(packet, { localAddresses });
    const steps = (paths[0]?.steps ?? []).map(({ chain, rule, elements }) => ({
      chain,
      rule,
      elements,
    }));
    return { verdict, masquerade: paths.every((path) => path.masquerade), steps };
  };
}

function sizeOf(key: ObjectKey, { services }: DesiredState): number {
  const frontends = services.get(key)?.ports.flatMap((port) => port.frontends) ?? [];
  return frontends.reduce((sum, { cluster, local }) => sum + cluster.length + local.length, 0);
}

/** Returns a state with one Service: its frontends, with the slots that they have, as far as it holds them. */
function aloneIn(key: ObjectKey, state: DesiredState, snapshot: Snapshot): DesiredState {
  const service = snapshot.services.get(key);
  const own: Snapshot = {
    ...EMPTY_SNAPSHOT,
    services: service ? EMPTY_SNAPSHOT.services.set(key, service) : EMPTY_SNAPSHOT.services,
    slices: EMPTY_SNAPSHOT.slices.set(key, snapshot.slices.get(key, [])),
  };
  const { family, settings } = state;
  const change = { snapshot: own, settings, services: "all" } as const;
  const alone = advance(emptyState(family, settings), change).next;
  const live = state.services.get(key);
  const held = (live?.ports ?? []).flatMap(({ frontends }) => frontends)
    .filter((frontend) => winner(state, frontend.key) === frontend);
  return {
    ...alone,
    services: live === undefined ? alone.services.clear() : alone.services.set(key, live),
    claims: alone.claims.clear().merge(held.map((frontend) => [frontend.key, [frontend]])),
  };
}
