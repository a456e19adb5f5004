import type { AgentLink } from "./agent_link.ts";
import type { Outcome } from "./protocol.ts";

/** A flow that stays open: a TCP connection, or a UDP socket whose datagrams all have the same five-tuple. */
export class Flow {
  /** What came of opening it and asking once. */
  readonly first: Outcome;
  readonly #link: AgentLink;
  readonly #flow: number;

  constructor(link: AgentLink, flow: number, first: Outcome) {
    this.#link = link;
    this.#flow = flow;
    this.first = first;
  }

  /** Asks again on the same flow. Rejects when it never opened. */
  async ask(): Promise<Outcome> {
    const [outcome] = await this.#link.ask({ op: "ask", flow: this.#flow });
    return outcome ?? { result: "timeout" };
  }

  /** Closes it. */
  async close(): Promise<void> {
    await this.#link.ask({ op: "close", flow: this.#flow });
  }
}
