import { ImmutableMap } from "./immutable_map.ts";
import type { Family } from "./family.ts";
import type { Frontend, FrontendKey } from "./frontend.ts";
import type { ObjectKey } from "./objects.ts";
import type { ServiceState } from "./service_state.ts";
import type { Settings } from "./settings.ts";
import { EMPTY_TALLY, type Tally } from "./tally.ts";

/**
 * Everything that the ruleset of one family shall say: the input of every backend.
 *
 * It never changes; {@linkcode advance} makes the next one, which shares all that stayed the same.
 */
export interface DesiredState {
  readonly family: Family;
  readonly settings: Settings;
  readonly services: ImmutableMap<ObjectKey, ServiceState>;
  /**
   * Who wants each frontend: the first one has it, the others have lost a conflict. Cluster IPs come first, then the
   * oldest Service.
   */
  readonly claims: ImmutableMap<FrontendKey, readonly Frontend[]>;
  /** Cluster IPs of all Services, with or without endpoints. */
  readonly clusterIPs: Tally;
  /** Addresses of endpoints on this node: a connection from one to itself is masqueraded. */
  readonly hairpins: Tally;
  /**
   * `address protocol port` of endpoints on this node that only traffic which must stay here may reach, for Service
   * ports with session affinity: such a choice must not be remembered for other traffic.
   */
  readonly localOnly: Tally;
}

/** Returns the desired state of a cluster without Services. */
export function emptyState(family: Family, settings: Settings): DesiredState {
  return {
    family,
    settings,
    services: ImmutableMap(),
    claims: ImmutableMap(),
    clusterIPs: EMPTY_TALLY,
    hairpins: EMPTY_TALLY,
    localOnly: EMPTY_TALLY,
  };
}

/** Returns the frontend that is programmed for `key`. */
export function winner(state: DesiredState, key: FrontendKey): Frontend | undefined {
  return state.claims.get(key)?.[0];
}

/** Yields all frontends that are programmed. */
export function* frontends(state: DesiredState): Iterable<Frontend> {
  for (const [first] of state.claims.values()) if (first !== undefined) yield first;
}
