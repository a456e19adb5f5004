import type { Transition } from "../../model/advance.ts";
import type { Endpoint } from "../../model/endpoint.ts";
import type { Family } from "../../model/family.ts";
import type { PortState, ServiceState } from "../../model/service_state.ts";
import {
  type Affinity,
  affinityMap,
  affinityOf,
  affinityPortMap,
  hasPortMaps,
} from "./affinity.ts";
import type { List } from "./names.ts";
import type { Element } from "./objects.ts";

/** The choices that clients of a Service port may keep; all others have to be forgotten. */
export interface Sweep {
  readonly affinity: Affinity;
  /** `address . port` of the endpoints that are in each list. */
  readonly usable: Readonly<Record<List, ReadonlySet<string>>>;
}

/** Lists a map of the kernel's: key → value. A map that is not there is empty. */
export type ListMap = (name: string) => Promise<ReadonlyMap<string, string>>;

/** Returns the sweeps of the Service ports whose clients may have an endpoint that a transition took away. */
export function sweepsAfter({ previous, next, services }: Transition): readonly Sweep[] {
  return [...services].flatMap((key) => {
    const before = previous.services.get(key);
    const after = new Map(sweepsOf(next.services.get(key)).map((one) => [one.affinity.id, one]));
    return sweepsOf(before).flatMap((old) => {
      const now = after.get(old.affinity.id) ?? { affinity: old.affinity, usable: NONE };
      return LISTS.every((list) => old.usable[list].isSubsetOf(now.usable[list])) ? [] : [now];
    });
  });
}

/** Returns the sweeps of a Service: one for each of its ports, if it has session affinity. */
export function sweepsOf(state: ServiceState | undefined): readonly Sweep[] {
  return (state?.ports ?? []).flatMap((port) => {
    const affinity = affinityOf(port.port);
    return affinity === undefined ? [] : [{ affinity, usable: usableIn(port) }];
  });
}

/**
 * Returns the elements of a Service port's maps that have to go, read from the kernel.
 *
 * Looks into the maps of both lists, whatever the policy is now: one of another policy may come into use again.
 */
export async function staleElements(
  family: Family,
  { affinity, usable }: Sweep,
  listMap: ListMap,
): Promise<readonly Element[]> {
  const stale: Element[] = [];
  for (const list of LISTS) {
    const maps = [affinityMap(affinity.id, list)];
    if (hasPortMaps(family)) maps.push(affinityPortMap(affinity.id, list));
    const contents = await Promise.all(maps.map(listMap));
    for (const client of new Set(contents.flatMap((content) => [...content.keys()]))) {
      const choice = contents.map((content) => content.get(client) ?? "").join(" . ");
      if (usable[list].has(choice)) continue;
      for (const [index, map] of maps.entries()) {
        const value = contents[index]?.get(client);
        if (value !== undefined) stale.push({ map, key: client, rest: ` : ${value}` });
      }
    }
  }
  return stale;
}

const LISTS: readonly List[] = ["cluster", "local"];

const NONE: Sweep["usable"] = { cluster: new Set(), local: new Set() };

function usableIn({ selection }: PortState): Sweep["usable"] {
  const text = ({ address, port }: Endpoint) => `${address} . ${port}`;
  return {
    cluster: new Set(selection.cluster.map(text)),
    local: new Set(selection.local.map(text)),
  };
}

/** Reads the elements in the output of `nft list map` of a map from addresses to endpoints. */
export function parseMapListing(listing: string): ReadonlyMap<string, string> {
  const elements = /elements = \{([\s\S]*?)\}/.exec(listing)?.[1] ?? "";
  const found = new Map<string, string>();
  for (const element of elements.split(",")) {
    const match = /^\s*(\S+)\b.*? : (\S+(?: \. \S+)?)\s*$/.exec(element);
    if (match?.[1] !== undefined && match[2] !== undefined) found.set(match[1], match[2]);
  }
  return found;
}
