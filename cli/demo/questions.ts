import { type Namespace, type Outcome, tally, type Transport } from "./lab.ts";

/** Who asks in the demo: a pod, a client outside, or a process of the node itself. */
export type Asker = "pod" | "client" | "node";

/** One line of the demo's table: who connects to what, and what should come of it. */
export interface Question {
  readonly from: Asker;
  /** The Service in `examples/` that this shows. */
  readonly service: string;
  readonly address: string;
  readonly port: number;
  readonly protocol: Transport;
  /** Whether the pods see the node's address instead of the asker's. */
  readonly masqueraded: boolean;
  /** True when nobody is there to answer. */
  readonly refused?: true;
}

/** What there is to try with `examples/`. */
export const QUESTIONS: readonly Question[] = [
  ask("pod", "my-svc", "10.96.0.10", 80),
  ask("pod", "my-service", "10.96.0.20", 80),
  ask("node", "my-service", "10.96.0.20", 80),
  ask("client", "my-service-node-port", "192.0.2.10", 30080, { masqueraded: true }),
  ask("client", "external-ip", "198.51.100.7", 80, { masqueraded: true }),
  ask("client", "load-balancer", "203.0.113.8", 80, { masqueraded: true }),
  ask("pod", "dns", "10.96.0.53", 53, { protocol: "UDP" }),
  ask("pod", "dual-stack", "fd00:96::30", 80),
  ask("pod", "old-style", "10.96.0.33", 80),
  ask("pod", "no-endpoints", "10.96.0.40", 80, { refused: true }),
];

/** What came of a question that was asked many times. */
export interface Findings {
  /** By pod, or by result when there was no answer. */
  readonly counts: ReadonlyMap<string, number>;
  /** The addresses that the pods saw. */
  readonly sources: readonly string[];
}

/** Opens `count` connections, several at a time. */
export async function put(
  question: Question,
  asker: Namespace,
  count: number,
): Promise<Findings> {
  const { address, port, protocol } = question;
  const options = { protocol, parallel: 4, timeoutMs: 2000 };
  const outcomes = await asker.connectMany(address, port, count, options);
  return { counts: tally(outcomes), sources: [...new Set(outcomes.flatMap(sourceOf))] };
}

/**
 * Says what is not as it should be in the findings of a question that was asked `count` times; undefined when all is
 * well. Chance decides which pod answers, so each pod has to have a tenth at least: with 200 connections to two pods it
 * has less once in 10^30 times.
 */
export function complaint(
  question: Question,
  findings: Findings,
  given: { readonly pods: readonly string[]; readonly count: number; readonly source: string },
): string | undefined {
  const { counts, sources } = findings;
  if (question.refused) {
    return counts.get("refused") === given.count ? undefined : "every connection is refused";
  }
  const answered = given.pods.map((pod) => counts.get(pod) ?? 0);
  if (answered.reduce((sum, n) => sum + n, 0) !== given.count) return "a pod answers every time";
  if (Math.min(...answered) < given.count / 10) return "every pod has its share";
  if (sources.join() !== given.source) return `the pods see ${given.source}`;
  return undefined;
}

function ask(
  from: Asker,
  service: string,
  address: string,
  port: number,
  rest: Partial<Question> = {},
): Question {
  return { from, service, address, port, protocol: "TCP", masqueraded: false, ...rest };
}

function sourceOf(outcome: Outcome): string[] {
  return outcome.result === "answered" ? [outcome.source] : [];
}
