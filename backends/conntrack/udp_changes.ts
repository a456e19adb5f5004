import { endpointId } from "../../model/endpoint.ts";
import type { Transition } from "../../model/advance.ts";
import { winner } from "../../model/desired_state.ts";
import type { Frontend, FrontendKey } from "../../model/frontend.ts";
import { nodePortIPs } from "../../model/settings.ts";

/** What a transition means for UDP flows that are there already. */
export interface UdpChanges {
  /** True when a flow may have become wrong. Endpoints that only come leave every flow as right as it was. */
  readonly mayBeStale: boolean;
  /** Frontends that are no longer offered. */
  readonly goneFrontends: readonly FrontendKey[];
  /** Addresses on which node ports no longer answer. */
  readonly goneNodePortIPs: readonly string[];
}

/** Returns what `transition` means for UDP flows. Costs O(what was touched), not O(cluster). */
export function udpChanges(transition: Transition): UdpChanges {
  const { previous, next } = transition;
  const goneFrontends: FrontendKey[] = [];
  let mayBeStale = false;
  for (const key of transition.frontends) {
    if (!key.includes(" UDP ")) continue;
    const before = winner(previous, key);
    const after = winner(next, key);
    if (before !== undefined && after === undefined) goneFrontends.push(key);
    mayBeStale ||= endangersFlows(before, after);
  }
  const addresses = { before: nodePortIPs(previous.settings), after: nodePortIPs(next.settings) };
  return {
    mayBeStale: mayBeStale || addresses.before.join() !== addresses.after.join(),
    goneFrontends,
    goneNodePortIPs: missing(addresses.before, addresses.after),
  };
}

/** Tells whether flows that were right, or none of weir's business, before can be wrong after. */
function endangersFlows(before: Frontend | undefined, after: Frontend | undefined): boolean {
  if (before === after) return false;
  if (before === undefined || after === undefined) return true;
  // What the node sends to its own node port is tracked even though it is rejected, when there are no endpoints.
  if (before.serving.length === 0) return after.serving.length > 0;
  const ids = (frontend: Frontend) => frontend.serving.map(endpointId);
  return missing(ids(before), ids(after)).length > 0;
}

/** Returns what `before` has and `after` does not. */
function missing(before: readonly string[], after: readonly string[]): readonly string[] {
  const kept = new Set(after);
  return before.filter((value) => !kept.has(value));
}
