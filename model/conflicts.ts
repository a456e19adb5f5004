import type { DesiredState } from "./desired_state.ts";
import type { Frontend, FrontendKey } from "./frontend.ts";

/** Two or more Services that claim one address and port. */
export interface Conflict {
  readonly key: FrontendKey;
  /** The Service whose cluster IP it is, or else the oldest: it has the frontend. */
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
  const isOwn = winner.kind === "ClusterIP" && losers.every(({ kind }) => kind !== "ClusterIP");
  const why = isOwn ? "has it as its cluster IP" : "is the oldest and has it";
  return `"${key}" is claimed by more than one Service: "${winner.owner.name}" ${why}, not ${names}`;
}
