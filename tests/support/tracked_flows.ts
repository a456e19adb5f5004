import type { Conntrack, DeleteOptions, FlowMatch } from "../../backends/conntrack/conntrack.ts";
import { ConntrackError } from "../../backends/conntrack/conntrack_error.ts";
import type { Flow } from "../../backends/conntrack/flow.ts";
import type { Family } from "../../model/family.ts";

/** A table of UDP flows of one family in memory, which can be made to fail. */
export class TrackedFlows implements Conntrack {
  flows: Flow[];
  /** How often the table was listed. */
  lists = 0;
  /** What was deleted by, in order: an array for each call. */
  readonly deletions: (readonly FlowMatch[])[] = [];
  /** Errors of the next calls, first come first served. */
  readonly failures: { readonly list: Error[]; readonly delete: Error[] } = {
    list: [],
    delete: [],
  };
  /** Called when a list is about to end. */
  onListed: () => void | Promise<void> = () => {};
  /** Called when a deletion begins; what it throws is the answer. */
  onDelete = () => {};

  constructor(flows: readonly Flow[] = []) {
    this.flows = [...flows];
  }

  /** What is left, as `destination > replySource`. */
  get left(): readonly string[] {
    return this.flows.map((flow) =>
      `${flow.destination}:${flow.destinationPort} > ${flow.replySource}:${flow.replySourcePort}`
    );
  }

  async list(_family: Family, onFlow: (flow: Flow) => void): Promise<void> {
    this.lists++;
    this.flows.forEach(onFlow);
    await this.onListed();
    const failure = this.failures.list.shift();
    if (failure !== undefined) throw failure;
  }

  // deno-lint-ignore require-await -- the seam is asynchronous: a failure must reject
  async delete(
    _family: Family,
    wanted: readonly FlowMatch[],
    { onFlow }: DeleteOptions,
  ): Promise<void> {
    const failure = this.failures.delete.shift();
    if (failure !== undefined) throw failure;
    this.deletions.push(wanted);
    for (const match of wanted) {
      this.onDelete();
      const gone = this.flows.filter((flow) => matches(flow, match));
      this.flows = this.flows.filter((flow) => !matches(flow, match));
      gone.forEach(onFlow);
    }
  }
}

function matches(flow: Flow, match: FlowMatch): boolean {
  return Object.entries(match).every(([field, value]) => flow[field as keyof Flow] === value);
}

/** Returns `count` flows, of as many clients. Endpoints are written as `address:port`. */
export function flows(destination: string, replySource: string, count = 1): readonly Flow[] {
  const [to = "", toPort] = destination.split(":");
  const [from = "", fromPort] = replySource.split(":");
  const ports = { destinationPort: Number(toPort), replySourcePort: Number(fromPort) };
  return Array.from({ length: count }, () => ({ destination: to, replySource: from, ...ports }));
}

/** What the kernel answers when a list has to be begun again. */
export function interruption(): Error {
  return new ConntrackError(
    "interrupted",
    "Cannot list UDP flows: Interrupted system call",
  );
}
