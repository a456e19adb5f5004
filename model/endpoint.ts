import type { Family, Protocol } from "./family.ts";
import { familyOf } from "./family.ts";
import { normaliseAddress } from "./address.ts";
import type { EndpointObject, EndpointSliceObject } from "./objects.ts";
import type { Problem } from "./problem.ts";

/** One address and port that a Service port can send connections to. */
export interface Endpoint {
  readonly address: string;
  readonly port: number;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** True when it runs on this node. */
  readonly local: boolean;
  readonly zoneHints: readonly string[];
  readonly nodeHints: readonly string[];
}

/** Which endpoints of a Service's slices are wanted. */
export interface EndpointQuery {
  readonly family: Family;
  readonly portName: string;
  readonly protocol: Protocol;
  readonly nodeName: string;
}

/**
 * Returns the endpoints of one Service port: the union over all slices of the Service, without duplicates, sorted by
 * address and port.
 *
 * Slices and the Service join by port name and protocol; different slices may give different numbers for one name.
 * An endpoint that occurs twice counts once: the better of its conditions hold (ready before serving before
 * terminating), in whatever order the slices come. Unusable addresses are skipped and appended to `problems`.
 */
export function endpointsOf(
  slices: readonly EndpointSliceObject[],
  query: EndpointQuery,
  problems: Problem[],
): readonly Endpoint[] {
  const found: Endpoint[] = [];
  for (const slice of slices) {
    if (slice.addressType !== query.family) continue;
    for (const port of slice.ports) {
      if (port.name !== query.portName || port.protocol !== query.protocol) continue;
      for (const object of slice.endpoints) {
        const endpoint = toEndpoint(slice, object, port.port, query, problems);
        if (endpoint !== undefined) found.push(endpoint);
      }
    }
  }
  return withoutDuplicates(found.sort(byAddress));
}

function toEndpoint(
  slice: EndpointSliceObject,
  object: EndpointObject,
  port: number,
  query: EndpointQuery,
  problems: Problem[],
): Endpoint | undefined {
  const address = normaliseAddress(object.address);
  if (address === undefined || familyOf(address) !== query.family) {
    problems.push({
      kind: "EndpointSlice",
      object: `${slice.namespace}/${slice.name}`,
      message: `Skipped an endpoint: "${object.address}" is not an ${query.family} address`,
    });
    return undefined;
  }
  return {
    address,
    port,
    ready: object.ready,
    serving: object.serving,
    terminating: object.terminating,
    local: query.nodeName !== "" && object.nodeName === query.nodeName,
    zoneHints: object.zoneHints,
    nodeHints: object.nodeHints,
  };
}

/** Returns the id of an endpoint: `address:port`, the address of IPv6 in brackets. */
export function endpointId({ address, port }: Pick<Endpoint, "address" | "port">): string {
  return familyOf(address) === "IPv6" ? `[${address}]:${port}` : `${address}:${port}`;
}

/** Tells whether two endpoints of a Service port are the same one, whatever is known of its condition. */
export function isSameEndpoint(a: Endpoint | undefined, b: Endpoint | undefined): boolean {
  return a?.address === b?.address && a?.port === b?.port;
}

/** Orders by address and port; of entries for one endpoint the one that holds comes first. */
function byAddress(a: Endpoint, b: Endpoint): number {
  if (a.address !== b.address) return a.address < b.address ? -1 : 1;
  return a.port - b.port || rank(b) - rank(a);
}

function withoutDuplicates(sorted: readonly Endpoint[]): readonly Endpoint[] {
  const isRepetition = (endpoint: Endpoint, at: number) =>
    at > 0 && isSameEndpoint(sorted[at - 1], endpoint);
  return sorted.some(isRepetition)
    ? sorted.filter((endpoint, at) => !isRepetition(endpoint, at))
    : sorted;
}

/** Orders the conditions of one endpoint that is listed twice: the higher one holds. */
function rank(endpoint: Endpoint): number {
  return (endpoint.ready ? 8 : 0) + (endpoint.terminating ? 0 : 4) + (endpoint.serving ? 2 : 0) +
    (endpoint.local ? 1 : 0);
}
