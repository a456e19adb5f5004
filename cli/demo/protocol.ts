/**
 * What the lab and the agents in its namespaces say to each other: one JSON document a line, requests on the agent's
 * standard input, one answer for each on its standard output, in any order.
 */

/** The transports that a lab can drive. SCTP needs a kernel that has it. */
export type Transport = "TCP" | "UDP" | "SCTP";

/** Where a flow goes and how long the client waits. */
export interface FlowTarget {
  readonly address: string;
  readonly port: number;
  readonly protocol: Transport;
  /** Milliseconds for the connection and for every answer. */
  readonly timeoutMs: number;
  /** The client's own address; the kernel chooses when absent. */
  readonly sourceAddress?: string;
  /** The client's own port; the kernel chooses when absent. */
  readonly sourcePort?: number;
}

/** What came of one question: who answered, and as whom the server saw the client (which shows SNAT). */
export type Outcome =
  | {
    readonly result: "answered";
    readonly server: string;
    readonly source: string;
    readonly sourcePort: number;
  }
  /** `refused`: TCP RST or ICMP port unreachable; `unreachable`: another ICMP error; `reset`: cut while open. */
  | { readonly result: "refused" | "unreachable" | "timeout" | "reset" };

/** What an agent can be asked to do. */
export type Request =
  /** Starts a server that answers `<name> <peer address> <peer port>`, to the connection or to every datagram. */
  | {
    readonly op: "serve";
    readonly name: string;
    readonly address: string;
    readonly port: number;
    readonly protocol: Transport;
  }
  /** Stops the server on this address. */
  | {
    readonly op: "unserve";
    readonly address: string;
    readonly port: number;
    readonly protocol: Transport;
  }
  /** Opens `count` new flows, `parallel` at a time, asks once on each and closes it. */
  | {
    readonly op: "connect";
    readonly target: FlowTarget;
    readonly count: number;
    readonly parallel: number;
  }
  /** Opens a flow and keeps it under `flow`. */
  | { readonly op: "open"; readonly flow: number; readonly target: FlowTarget }
  /** Asks on an open flow. */
  | { readonly op: "ask"; readonly flow: number }
  | { readonly op: "close"; readonly flow: number };

/** A request with the number that its answer repeats. */
export type Envelope = Request & { readonly id: number };

/** An agent's answer: outcomes where the request asks for some, or why it could not be done. */
export interface Reply {
  readonly id: number;
  readonly outcomes?: readonly Outcome[];
  readonly error?: string;
}
