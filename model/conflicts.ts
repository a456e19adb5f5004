import type { DesiredState } from "./desired_state.ts";
import type { Frontend, FrontendKey } from "./frontend.ts";

/** Two or more Services that claim one address and port. */
export interface Conflict {
  readonly key: FrontendKey;
  /** The oldest Service: it has the frontend. */
  readonly winner: Frontend;
  /** The others: they get it when the winner goes. */
  readonly losers: readonly Frontend[];
}

/** Returns the conflict about `key`, or undefined when there is none. */
export function conflictAbout(state: DesiredState, key: FrontendKey): Conflict | undefined {
  const [winner, ...losers] = state.claims.get(key, []);
  return winner === undefined || losers.length === 0 ? undefined : { key, winner, losers };
}

/** Says in a sentence who has the frontend and who does not. */
export function describeConflict({ key, winner, losers }: Conflict): string {
  const names = losers.map((loser) => `"${loser.owner.name}"`).join(", ");
  return `"${key}" is claimed by more than one Service: "${winner.owner.name}" is the oldest and has it, ` +
    `not ${names}`;
}
