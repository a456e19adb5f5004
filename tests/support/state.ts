import { advance } from "../../model/advance.ts";
import { type DesiredState, emptyState } from "../../model/desired_state.ts";
import type { Family } from "../../model/family.ts";
import type { ClusterObject } from "../../model/objects.ts";
import type { Settings } from "../../model/settings.ts";
import { settings, snapshotOf } from "./objects.ts";

/** Returns the desired state of a cluster that holds `objects`, derived from nothing. */
export function stateOf(
  objects: readonly ClusterObject[],
  options: { readonly family?: Family; readonly settings?: Settings } = {},
): DesiredState {
  const { family = "IPv4", settings: used = settings({}, family) } = options;
  const change = { snapshot: snapshotOf(...objects), settings: used, services: "all" } as const;
  return advance(emptyState(family, used), change).next;
}
