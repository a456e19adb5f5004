import type { Family } from "../../model/family.ts";
import type { Context, Ends } from "./context.ts";
import {
  ADDRESS,
  ADDRESS_TYPE,
  type DataType,
  INTERFACE,
  MARK,
  PORT,
  PROTOCOL,
  SLOT,
  STATE,
  STATUS,
} from "./data_type.ts";
import type { Tokens } from "./tokens.ts";

/** Something that a rule reads of a packet, such as `ip daddr`. */
export interface Selector {
  readonly type: DataType;
  /** Returns the packet's value; undefined when it has none, and then the rule does not apply. */
  read(context: Context): string | undefined;
}

/** Takes one selector or more, with ` . ` between them. Throws `UnknownSyntaxError` for those that are not known. */
export function parseSelectors(tokens: Tokens): readonly Selector[] {
  const selectors = [parseSelector(tokens)];
  while (tokens.take(".")) selectors.push(parseSelector(tokens));
  return selectors;
}

function parseSelector(tokens: Tokens): Selector {
  const words = tokens.takeOneOf(Object.keys(SELECTORS));
  const parse = words === undefined ? undefined : SELECTORS[words];
  return parse?.(tokens) ?? tokens.unknown(`reads "${tokens.peek()}", which is not known`);
}

/** What can be read, by the words that it is spelled with; what follows them belongs to the selector too. */
const SELECTORS: Readonly<Record<string, (tokens: Tokens) => Selector>> = {
  "ip saddr": address("IPv4", (context) => context.current.source),
  "ip6 saddr": address("IPv6", (context) => context.current.source),
  "ip daddr": address("IPv4", (context) => context.current.destination),
  "ip6 daddr": address("IPv6", (context) => context.current.destination),
  "tcp dport": port("tcp"),
  "udp dport": port("udp"),
  "sctp dport": port("sctp"),
  "th dport": plain(PORT, ({ current }) => hasPort(current) ? `${current.port}` : undefined),
  "meta l4proto": plain(PROTOCOL, (context) => context.protocol),
  "meta mark": plain(MARK, (context) => `${context.mark}`),
  "iifname": plain(INTERFACE, (context) => context.ingress),
  "ct state": plain(STATE, () => "new"),
  "ct status": plain(STATUS, (context) => context.isTranslated ? "dnat" : undefined),
  "ct original ip saddr": address("IPv4", (context) => context.original.source),
  "ct original ip6 saddr": address("IPv6", (context) => context.original.source),
  "ct original ip daddr": address("IPv4", (context) => context.original.destination),
  "ct original ip6 daddr": address("IPv6", (context) => context.original.destination),
  "ct original proto-dst": plain(
    PORT,
    ({ original }) => hasPort(original) ? `${original.port}` : undefined,
  ),
  "fib saddr type": plain(ADDRESS_TYPE, (context) => placeOf(context, context.current.source)),
  "fib daddr type": plain(ADDRESS_TYPE, (context) => placeOf(context, context.current.destination)),
  "numgen random mod": (tokens) => choice(tokens.number()),
  // hashes decide once for each client; which way is the kernel's secret
  "jhash ip saddr mod": (tokens) => choice(tokens.number()),
  "jhash ip6 saddr mod": (tokens) => choice(tokens.number()),
};

function plain(type: DataType, read: Selector["read"]): () => Selector {
  return () => ({ type, read });
}

function address(family: Family, read: (context: Context) => string): () => Selector {
  return plain(ADDRESS, (context) => context.family === family ? read(context) : undefined);
}

/** A port of one protocol: nft adds a match for the protocol to a rule that reads it. */
function port(protocol: string): () => Selector {
  return plain(
    PORT,
    (context) => context.protocol === protocol ? `${context.current.port}` : undefined,
  );
}

/** ICMP has a checksum where other protocols have the port: no key of a map has ever that and ICMP. */
function hasPort(ends: Ends): boolean {
  return ends.port !== 0;
}

function placeOf(context: Context, ip: string): string {
  return context.isLocal(ip) ? "local" : "unicast";
}

function choice(count: number): Selector {
  return { type: SLOT, read: (context) => `${context.choose(count)}` };
}
