import { type Endpoint, endpointId } from "../../model/endpoint.ts";
import type { Selection, Topology } from "../../model/selection.ts";
import type { Choice } from "./explanation.ts";

/** Which lists of endpoints matter for a question. */
export interface Lists {
  readonly cluster: boolean;
  readonly local: boolean;
}

/** Finds out why endpoints are or are not in the lists of a selection. */
export class Choices {
  readonly #selection: Selection;
  readonly #lists: Lists;
  readonly #node: Topology;
  readonly #slots: { cluster: ReadonlyMap<string, number>; local: ReadonlyMap<string, number> };

  constructor(selection: Selection, lists: Lists, node: Topology) {
    this.#selection = selection;
    this.#lists = lists;
    this.#node = node;
    this.#slots = { cluster: slotsOf(selection.cluster), local: slotsOf(selection.local) };
  }

  forCluster(endpoint: Endpoint): Choice | null {
    if (!this.#lists.cluster) return null;
    const slot = this.#slots.cluster.get(endpointId(endpoint));
    if (slot !== undefined) return { slot };
    return { no: conditionOf(endpoint) ?? this.#placeOf(endpoint) ?? UNTAKEN };
  }

  forLocal(endpoint: Endpoint, nodeName: string): Choice | null {
    if (!this.#lists.local) return null;
    const slot = this.#slots.local.get(endpointId(endpoint));
    if (slot !== undefined) return { slot };
    if (endpoint.local) return { no: conditionOf(endpoint) ?? UNTAKEN };
    return { no: nodeName === "" ? "not known on which node" : "on another node" };
  }

  /** Returns where an endpoint is meant to be used instead; undefined when hints do not stand in its way. */
  #placeOf({ zoneHints, nodeHints }: Endpoint): string | undefined {
    const { nodeName, zone } = this.#node;
    switch (this.#selection.topology) {
      case "PreferSameNode":
        return nodeHints.includes(nodeName) ? undefined : hinted("node", nodeHints, nodeName);
      case "PreferSameZone":
        return zoneHints.includes(zone) ? undefined : hinted("zone", zoneHints, zone);
      case "none":
        return undefined;
    }
  }
}

const UNTAKEN = "this change is not in force yet";

function hinted(place: string, hints: readonly string[], here: string): string {
  const names = hints.map((name) => `"${name}"`).join(", ");
  return `its hints are for ${place} ${names || "none"}, not for "${here}"`;
}

/** Returns what keeps an endpoint out, wherever it is; undefined when it is ready. */
function conditionOf({ ready, serving, terminating }: Endpoint): string | undefined {
  if (ready) return undefined;
  if (!terminating) return "not ready";
  return serving ? "terminating, and others are ready" : "terminating, and does not serve";
}

function slotsOf(list: readonly Endpoint[]): ReadonlyMap<string, number> {
  return new Map(list.map((endpoint, slot) => [endpointId(endpoint), slot]));
}
