import type { Endpoint } from "../../model/endpoint.ts";
import type { Protocol } from "../../model/family.ts";
import type { Frontend } from "../../model/frontend.ts";
import { goalsOf } from "../../model/policy.ts";
import { learnerElements } from "./affinity_learning.ts";
import {
  ADDRESS_MAPS,
  CHAINS,
  endpointMap,
  type List,
  nftProtocol,
  NODEPORT_MAPS,
  SETS,
} from "./names.ts";
import type { Element } from "./objects.ts";
import { entryChain } from "./parts.ts";

/** Returns a frontend's elements in the verdict maps: at most four, whatever the number of endpoints. */
function verdictElements(frontend: Frontend): readonly Element[] {
  const isNodePort = frontend.kind === "NodePort";
  const maps = isNodePort ? NODEPORT_MAPS : ADDRESS_MAPS;
  const key = `${isNodePort ? "" : `${frontend.address} . `}${
    nftProtocol(frontend.protocol)
  } . ${frontend.port}`;
  const rest = (verdict: string) => ` comment "${commentOf(frontend)}" : ${verdict}`;
  const to = (map: string, verdict: string): Element => ({ map, key, rest: rest(verdict) });
  const goals = goalsOf(frontend.dispatch);
  const lists = (["cluster", "local"] as const).filter((list) => goals.has(list));
  const balancers = (map: (list: List) => string) =>
    lists.map((list) => to(map(list), `goto ${entryChain(frontend, list)}`));
  const chain = policyChain(frontend);
  const ways = chain === undefined || lists.length === 0
    ? balancers(() => maps.services)
    : [to(maps.services, `goto ${chain}`), ...balancers((list) => maps[list])];
  return [
    ...ways,
    ...(goals.has("drop") ? [to(maps.noEndpoints, "drop")] : []),
    ...(goals.has("reject") ? [to(maps.noEndpoints, `goto ${CHAINS.reject}`)] : []),
  ];
}

/** Returns the chain of a frontend's policy; undefined for a cluster IP, which leads straight to its endpoints. */
function policyChain({ kind, dispatch }: Frontend): string | undefined {
  if (kind === "ClusterIP") return undefined;
  if (dispatch === "external") return kind === "NodePort" ? CHAINS.nodeport : CHAINS.external;
  return kind === "NodePort" ? CHAINS.nodeportLocal : CHAINS.externalLocal;
}

/** Returns the elements that keep sources out: none unless the frontend is for some only. */
function firewallElements(
  { allowedSources, address, protocol, port }: Frontend,
): readonly Element[] {
  if (allowedSources === "any") return [];
  const key = `${address} . ${nftProtocol(protocol)} . ${port}`;
  return [
    { map: SETS.restricted, key, rest: "" },
    ...allowedSources.map((source) => ({
      map: SETS.allowedSources,
      key: `${key} . ${source}`,
      rest: "",
    })),
  ];
}

/** Returns a frontend's elements besides its endpoints: a handful, whatever their number. */
export function frontendElements(frontend: Frontend): readonly Element[] {
  return [
    ...verdictElements(frontend),
    ...firewallElements(frontend),
    ...learnerElements(frontend),
  ];
}

/** Returns the element that leads from a frontend's `slot` to an endpoint. */
export function endpointElement(
  frontend: Frontend,
  list: List,
  slot: number,
  endpoint: Endpoint,
): Element {
  const nodePort = frontend.kind === "NodePort";
  const address = nodePort ? "" : `${frontend.address} . `;
  return {
    map: endpointMap({ protocol: frontend.protocol, nodePort, list }),
    key: `${address}${frontend.port} . ${slot}`,
    rest: ` : ${endpoint.address} . ${endpoint.port}`,
  };
}

/** Yields all elements of a frontend. */
export function* elementsOf(frontend: Frontend): Iterable<Element> {
  yield* frontendElements(frontend);
  for (const list of ["cluster", "local"] as const) {
    for (const [slot, endpoint] of frontend[list].entries()) {
      yield endpointElement(frontend, list, slot, endpoint);
    }
  }
}

/** Returns the key of the hairpin set for an endpoint on this node. */
export function hairpinKey(address: string): string {
  return `${address} . ${address}`;
}

/** Returns the key of the set of endpoints that only traffic which must stay here may reach. */
export function localOnlyKey(endpoint: string): string {
  const [address, protocol, port] = endpoint.split(" ");
  return `${address} . ${nftProtocol(protocol as Protocol)} . ${port}`;
}

/** nft takes comments of at most 128 bytes; three Kubernetes names of 63 characters are longer. */
const COMMENT_BYTES = 120;

/** Returns the name of the Service port, made safe for a quoted string of nft's and cut to what it takes. */
function commentOf(frontend: Frontend): string {
  return frontend.owner.name.replace(/[^A-Za-z0-9./:_-]/g, "?").slice(0, COMMENT_BYTES);
}
