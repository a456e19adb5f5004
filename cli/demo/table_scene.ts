import { complaint, type Findings, put, type Question, QUESTIONS } from "./questions.ts";
import type { Column, Report } from "./report.ts";
import { PODS, type Stage } from "./stage.ts";

/** Connections for each line of the table. */
const COUNT = 200;

const COLUMNS: readonly Column[] = [
  { title: "from" },
  { title: "Service" },
  { title: "address" },
  { title: "pod-1", align: "right" },
  { title: "pod-2", align: "right" },
  { title: "seen as" },
];

/** Connects to every Service of the examples, and shows who answered how often. */
export async function tableScene(report: Report, stage: Stage): Promise<void> {
  report.heading(`${COUNT} new connections each: who answers, and whom do the pods see?`);
  const rows: string[][] = [];
  const checks: (readonly [claim: string, holds: boolean])[] = [];
  for (const question of QUESTIONS) {
    const asker = { pod: stage.asker, client: stage.client, node: stage.node }[question.from];
    const findings = await put(question, asker, COUNT);
    const seen = question.masqueraded ? stage.node : asker;
    const source = seen.addresses[question.address.includes(":") ? 1 : 0] ?? "";
    const problem = complaint(question, findings, {
      pods: ["pod-1", "pod-2"],
      count: COUNT,
      source,
    });
    rows.push(rowOf(question, findings));
    checks.push([`${question.from} to ${question.service}: ${problem}`, problem === undefined]);
  }
  report.table(COLUMNS, rows);
  for (const [claim, holds] of checks) report.claim(claim, holds);
}

function rowOf({ from, service, address, port, protocol }: Question, findings: Findings): string[] {
  const { counts, sources } = findings;
  const place = `${address.includes(":") ? `[${address}]` : address}:${port}`;
  const others = [...counts].filter(([who]) => !(who in PODS)).map(([who, n]) => `${n} ${who}`);
  return [
    from,
    service,
    protocol === "TCP" ? place : `${place}/${protocol.toLowerCase()}`,
    String(counts.get("pod-1") ?? 0),
    String(counts.get("pod-2") ?? 0),
    [...others, ...sources].join(", "),
  ];
}
