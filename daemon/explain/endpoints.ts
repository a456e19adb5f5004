import { normaliseAddress } from "../../model/address.ts";
import { type Endpoint, endpointId, endpointsOf } from "../../model/endpoint.ts";
import { type Family, familyOf } from "../../model/family.ts";
import type { EndpointObject, EndpointSliceObject } from "../../model/objects.ts";
import type { Topology } from "../../model/selection.ts";
import type { ServicePort } from "../../model/service_port.ts";
import type { PortState } from "../../model/service_state.ts";
import { Choices, type Lists } from "./choices.ts";
import type { EndpointRow, EndpointsExplanation } from "./explanation.ts";

/** Rows of endpoints that can be chosen, and as many of those that cannot. */
const MOST_ROWS = 20;

/** Says of every endpoint of a Service port whether it can be chosen, and why not. */
export function explainEndpoints(
  { port, selection }: PortState,
  slices: readonly EndpointSliceObject[],
  { family, node, lists }: {
    readonly family: Family;
    readonly node: Topology;
    readonly lists: Lists;
  },
): EndpointsExplanation {
  const entries = slices.flatMap((slice) => entriesOf(slice, port, family));
  const query = { ...port, family, nodeName: node.nodeName };
  const choices = new Choices(selection, lists, node);
  const rows = [
    ...rowsOf(endpointsOf(slices, query, []), entries, choices),
    ...entries.filter(({ id }) => id === undefined).map((entry) => unusableRow(entry, family)),
  ];
  const [chosen, others] = [rows.filter(isChosen), rows.filter((row) => !isChosen(row))];
  const shown = [...chosen.slice(0, MOST_ROWS), ...others.slice(0, MOST_ROWS)];
  return {
    total: rows.length,
    chosen: {
      cluster: lists.cluster ? selection.cluster.length : 0,
      local: lists.local ? selection.local.length : 0,
    },
    rows: shown,
    omitted: rows.length - shown.length,
    reasons: tally(others.map(whyNot)),
    remarks: remarksOn(slices, port, family),
  };
}

/** Tells whether any traffic can get to an endpoint. */
export function isChosen({ cluster, local }: EndpointRow): boolean {
  return [cluster, local].some((choice) => choice !== null && "slot" in choice);
}

/** Returns why no traffic gets to an endpoint: the reason for traffic that may go anywhere, where there is such. */
export function whyNot({ cluster, local }: EndpointRow): string {
  const choice = cluster ?? local;
  return choice !== null && "no" in choice ? choice.no : "";
}

/** An endpoint as a slice has it. */
interface Entry {
  readonly slice: string;
  readonly object: EndpointObject;
  /** See {@linkcode endpointId}; undefined when the address is of no use. */
  readonly id: string | undefined;
}

function entriesOf(slice: EndpointSliceObject, port: ServicePort, family: Family): Entry[] {
  if (slice.addressType !== family) return [];
  return slice.ports.filter((one) => isPort(one, port)).flatMap((one) =>
    slice.endpoints.map((object) => {
      const address = normaliseAddress(object.address);
      const isUsable = address !== undefined && familyOf(address) === family;
      const id = isUsable ? endpointId({ address, port: one.port }) : undefined;
      return { slice: slice.name, object, id };
    })
  );
}

function isPort(
  one: { readonly name: string; readonly protocol: string },
  { portName, protocol }: ServicePort,
): boolean {
  return one.name === portName && one.protocol === protocol;
}

function rowsOf(
  endpoints: readonly Endpoint[],
  entries: readonly Entry[],
  choices: Choices,
): readonly EndpointRow[] {
  const byId = Map.groupBy(entries, ({ id }) => id);
  return endpoints.map((endpoint) => {
    const id = endpointId(endpoint);
    const found = byId.get(id) ?? [];
    const nodeName = found.find(({ object }) => object.nodeName !== "")?.object.nodeName ?? "";
    return {
      endpoint: id,
      node: nodeName,
      ready: endpoint.ready,
      serving: endpoint.serving,
      terminating: endpoint.terminating,
      slices: [...new Set(found.map(({ slice }) => slice))],
      cluster: choices.forCluster(endpoint),
      local: choices.forLocal(endpoint, nodeName),
    };
  });
}

function unusableRow({ slice, object }: Entry, family: Family): EndpointRow {
  const { address, nodeName: node, ready, serving, terminating } = object;
  const no = { no: `"${address}" is not an ${family} address` };
  return {
    ...{ endpoint: address, node, ready, serving, terminating, slices: [slice] },
    ...{ cluster: no, local: no },
  };
}

function remarksOn(
  slices: readonly EndpointSliceObject[],
  port: ServicePort,
  family: Family,
): readonly string[] {
  if (slices.length === 0) {
    return ["No EndpointSlice names this Service: look at its selector, and at the Pods"];
  }
  const own = slices.filter((slice) => slice.addressType === family);
  if (own.length === 0) {
    const types = [...new Set(slices.map((slice) => slice.addressType))].join(", ");
    return [`No EndpointSlice has ${family} addresses: they have ${types}`];
  }
  const wanted = `port "${port.portName}" (${port.protocol})`;
  return own.filter(({ ports }) => !ports.some((one) => isPort(one, port))).slice(0, MOST_ROWS)
    .map(({ name, ports, endpoints }) => {
      const there = ports.map((one) => `"${one.name}" (${one.protocol})`).join(", ");
      const count = `${endpoints.length} endpoint${endpoints.length === 1 ? "" : "s"}`;
      return `EndpointSlice "${name}" with ${count} has no ${wanted}: it has ${
        there || "no ports"
      }`;
    });
}

function tally(words: readonly string[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1;
  return counts;
}
