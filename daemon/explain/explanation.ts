import type { Family, Protocol } from "../../model/family.ts";
import type { Frontend, FrontendKey } from "../../model/frontend.ts";
import type { Dispatch, Outcome } from "../../model/policy.ts";
import type { TopologyMode } from "../../model/selection.ts";

/** Why an address or a Service is reachable or not, as data: JSON has exactly this. */
export interface Explanation {
  /** The answer in a sentence. */
  readonly answer: string;
  /** What else there is to know, a sentence each. */
  readonly notes: readonly string[];
  /** The Service ports that it is about. */
  readonly ports: readonly PortExplanation[];
  /** How many more Service ports there are that are not explained. */
  readonly omittedPorts: number;
}

/** One port of a Service in one family. */
export interface PortExplanation {
  /** `namespace/name:portname`. */
  readonly name: string;
  readonly family: Family;
  readonly protocol: Protocol;
  readonly port: number;
  readonly internalTrafficPolicy: "Cluster" | "Local";
  readonly externalTrafficPolicy: "Cluster" | "Local";
  /** Seconds for which a client keeps its endpoint; 0 without session affinity. */
  readonly affinitySeconds: number;
  readonly frontends: readonly FrontendExplanation[];
  readonly endpoints: EndpointsExplanation;
  /** Which hints narrow the choice, and why others do not. */
  readonly hints: { readonly followed: TopologyMode; readonly ignored: readonly string[] };
  /** What the Service and its slices have that is not used. */
  readonly problems: readonly string[];
}

/** An address and port of a Service port. */
export interface FrontendExplanation {
  readonly key: FrontendKey;
  /** As people write it: `10.96.0.10:80/TCP`; `*` stands for the addresses in `nodePortAddresses`. */
  readonly address: string;
  readonly kind: Frontend["kind"];
  /** What becomes of connections, in a few words. */
  readonly says: string;
  /** True when this Service port has it; false when it lost a conflict. */
  readonly isHeld: boolean;
  /** Who else claims it, and who has it; null without a conflict. */
  readonly conflict: string | null;
  /** The row of the decision table. */
  readonly dispatch: Dispatch;
  readonly ways: readonly Way[];
  /** Who may use it: `loadBalancerSourceRanges`. */
  readonly allowedSources: readonly string[] | "any";
  /** Where a node port answers; null for other kinds. */
  readonly nodePortAddresses: readonly string[] | null;
}

/** What becomes of the first packet of a connection from some sender. */
export interface Way {
  readonly from: "pod" | "node" | "outside";
  /** The source that stands for this kind of sender. */
  readonly source: string;
  readonly to: Outcome["to"];
  /** Whether the source is replaced by the node's address. */
  readonly masquerade: boolean;
  /** How many endpoints it can get to. */
  readonly endpoints: number;
  /** Why it gets there, or why not. */
  readonly why: string;
  /** The rules on the way; null when there are too many endpoints to try them all. */
  readonly walk: Walked | null;
}

/** A packet's way through the rules of this one Service. */
export interface Walked {
  readonly verdict: string;
  /** Whether the source is replaced on every path. */
  readonly masquerade: boolean;
  /** The rules that applied, those of the first path where chance chooses. */
  readonly steps: readonly WalkedStep[];
}

/** A rule that applied. */
export interface WalkedStep {
  readonly chain: string;
  readonly rule: string;
  /** The elements that it found in sets and maps. */
  readonly elements: readonly string[];
}

/** The endpoints of a Service port. */
export interface EndpointsExplanation {
  readonly total: number;
  /** How many are in the list for traffic that may go anywhere, and in the one for traffic that must stay here. */
  readonly chosen: { readonly cluster: number; readonly local: number };
  readonly rows: readonly EndpointRow[];
  /** How many have no row. */
  readonly omitted: number;
  /** What keeps endpoints out, with their number. */
  readonly reasons: Readonly<Record<string, number>>;
  /** What is to be said of whole slices. */
  readonly remarks: readonly string[];
}

/** One endpoint. */
export interface EndpointRow {
  /** `address:port`, or what the slice has in its place. */
  readonly endpoint: string;
  /** The node that it runs on; "" when that is not known. */
  readonly node: string;
  readonly ready: boolean;
  readonly serving: boolean;
  readonly terminating: boolean;
  /** The slices that list it. */
  readonly slices: readonly string[];
  /** For traffic that may go anywhere; null when there is none. */
  readonly cluster: Choice | null;
  /** For traffic that must stay on this node; null when there is none. */
  readonly local: Choice | null;
}

/** Whether an endpoint can be chosen: its slot, or why it has none. */
export type Choice = { readonly slot: number } | { readonly no: string };
