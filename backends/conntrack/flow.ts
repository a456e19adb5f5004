/** A UDP flow that the kernel tracks: where its packets were sent, and who answers them. */
export interface Flow {
  /** What the client sent to. */
  readonly destination: string;
  readonly destinationPort: number;
  /** Where answers come from: the endpoint, or the destination itself when nothing was translated. */
  readonly replySource: string;
  readonly replySourcePort: number;
}

/** Two complete tuples, first the original direction, then that of the replies. Counters may follow each of them. */
const TUPLES =
  /^udp .*?\bsrc=\S+ dst=(\S+) sport=\d+ dport=(\d+) .*?\bsrc=(\S+) dst=\S+ sport=(\d+) dport=\d+(?: |$)/;

/**
 * Reads a line of `conntrack -L`, or returns undefined when it is not about a complete UDP flow of the default zone.
 *
 * Other zones belong to those who made them: Open vSwitch tracks the same packets there, before they are translated.
 * The kernel and the tool write addresses as weir does (RFC 5952).
 */
export function parseFlow(line: string): Flow | undefined {
  const match = TUPLES.exec(line);
  if (match === null || line.includes(" zone")) return undefined;
  const [, destination = "", destinationPort, replySource = "", replySourcePort] = match;
  return {
    destination,
    destinationPort: Number(destinationPort),
    replySource,
    replySourcePort: Number(replySourcePort),
  };
}

/** Tells whether the destination was translated. */
export function isTranslated(flow: Flow): boolean {
  return flow.replySource !== flow.destination || flow.replySourcePort !== flow.destinationPort;
}
