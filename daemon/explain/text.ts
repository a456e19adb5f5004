import type { Answer } from "./answer.ts";
import { isChosen, whyNot } from "./endpoints.ts";
import { KINDS, resultOf } from "./explain.ts";
import type {
  EndpointRow,
  EndpointsExplanation,
  FrontendExplanation,
  PortExplanation,
  Way,
} from "./explanation.ts";
import type { InForce, KernelFinding } from "./in_force.ts";

/** Writes an answer for people: the answer first, then what it rests on. */
export function formatAnswer(answer: Answer): string {
  const { node, notes, ports, omittedPorts } = answer;
  const where = `node "${node.name}"${node.zone === "" ? "" : `, zone "${node.zone}"`}`;
  return [
    answer.answer,
    `  seen from ${where}`,
    ...answer.notReady.map((reason) => `  weir is not ready: ${reason}`),
    ...notes.map((note) => `  ${note}`),
    ...ports.flatMap(portLines),
    ...(omittedPorts > 0
      ? ["", `… and ${omittedPorts} more ports: ask for one by its number`]
      : []),
    ...(answer.inForce.length > 0 ? ["", "In force", ...answer.inForce.flatMap(inForceLines)] : []),
    "",
  ].join("\n");
}

function portLines(port: PortExplanation): readonly string[] {
  const { name, family, protocol, affinitySeconds, hints, problems } = port;
  return [
    "",
    `Service port "${name}" ${port.port}/${protocol}, ${family}`,
    ...port.frontends.flatMap((frontend) => frontendLines(frontend)),
    ...(affinitySeconds > 0
      ? [
        `  session affinity: a client keeps its endpoint for ${affinitySeconds} s after it came last`,
      ]
      : []),
    ...endpointLines(port.endpoints),
    ...(hints.followed === "none" ? [] : [`  hints followed: ${hints.followed}`]),
    ...hints.ignored.map((reason) => `  ${reason}`),
    ...problems.map((problem) => `  not used: ${problem}`),
  ];
}

function frontendLines(frontend: FrontendExplanation): readonly string[] {
  const { address, kind, conflict, ways, allowedSources, nodePortAddresses, says } = frontend;
  return [
    `  ${address}, ${KINDS[kind]}${frontend.isHeld ? "" : `: ${says}`}`,
    ...(conflict === null ? [] : [`    conflict: ${conflict}`]),
    ...(nodePortAddresses === null
      ? []
      : [`    answers on ${nodePortAddresses.join(", ") || "no address of this node"}`]),
    ...(allowedSources === "any" ? [] : [
      `    only for sources in ${
        allowedSources.join(", ") || "nothing"
      } (loadBalancerSourceRanges)`,
    ]),
    ...wayLines(ways),
    ...(ways.length === 1 ? ways.flatMap(walkLines) : []),
  ];
}

/** Writes a line for each way; what is the reason of all of them stands above them once. */
function wayLines(ways: readonly Way[]): readonly string[] {
  const [first] = ways;
  const common = first !== undefined && ways.every(({ why }) => why === first.why);
  return [
    ...(common ? [`    ${first.why}`] : []),
    ...ways.map((way) => `    ${wayText(way)}${common ? "" : `: ${way.why}`}`),
  ];
}

function wayText(way: Way): string {
  const { from, source, to, masquerade } = way;
  const isSent = to === "cluster" || to === "local";
  const seen = masquerade ? "seen as the node's own (SNAT)" : "source kept";
  const result = isSent ? `${resultOf(way)}, ${seen}` : resultOf(way);
  return `${`from ${from}`.padEnd(12)}  ${source}: ${result}`;
}

function walkLines({ walk }: Way): readonly string[] {
  if (walk === null) return ["    too many endpoints to show the rules on the way"];
  return [
    `    the rules on the way (${walk.verdict}):`,
    ...walk.steps.filter(({ rule }) => !/(^| )jump /.test(rule)).flatMap((
      { chain, rule, elements },
    ) => [
      `      ${chain}: ${rule}`,
      ...elements.map((element) => `        found ${element}`),
    ]),
  ];
}

function endpointLines(endpoints: EndpointsExplanation): readonly string[] {
  const { total, rows, omitted, remarks, reasons } = endpoints;
  const able = rows.filter(isChosen).length;
  const width = (of: (row: EndpointRow) => string) =>
    rows.reduce((most, row) => Math.max(most, of(row).length), 0);
  const [first, second] = [width(({ endpoint }) => endpoint), width(nodeOf)];
  const causes = Object.entries(reasons).map(([reason, number]) => `${number} ${reason}`);
  const share = omitted > 0 || total === 0 ? "" : `, ${able} of them can be chosen`;
  return [
    `  ${count(total, "endpoint")}${share}`,
    ...rows.map((row) =>
      `    ${row.endpoint.padEnd(first)}  ${nodeOf(row).padEnd(second)}  ${choiceText(row)}`
    ),
    ...(omitted > 0
      ? [`    … ${omitted} more; not chosen, of all: ${causes.join("; ") || "none"}`]
      : []),
    ...remarks.map((remark) => `    ${remark}`),
  ];
}

function nodeOf({ node }: EndpointRow): string {
  return node === "" ? "(no node)" : node;
}

function choiceText(row: EndpointRow): string {
  const { cluster, local } = row;
  if (!isChosen(row)) return `no: ${whyNot(row)}`;
  if (local !== null && "no" in local) return `yes, where the policy is not Local: ${local.no}`;
  if (cluster !== null && "no" in cluster) return `yes, where the policy is Local: ${cluster.no}`;
  return "yes";
}

function inForceLines(one: InForce): readonly string[] {
  const { family, lastSync, pendingSeconds, failuresInARow, error, kernel } = one;
  const parts = [
    lastSync === null ? "no sync has succeeded yet" : `last sync ${lastSync}`,
    pendingSeconds === 0
      ? "no change is waiting"
      : `a change has been waiting for ${pendingSeconds} s`,
    ...(failuresInARow === 0 ? [] : [`${count(failuresInARow, "failure")} in a row: ${error}`]),
  ];
  return [`  ${family}: ${parts.join(", ")}`, ...(kernel === null ? [] : kernelLines(kernel))];
}

function kernelLines(kernel: KernelFinding): readonly string[] {
  const { elements, missing, different, isTableGone, examples, error } = kernel;
  if (error !== null) return [`    the kernel could not be asked: ${error}`];
  if (isTableGone) return ["    the kernel has NOT got weir's table, or a part of it is gone"];
  if (missing + different === 0) {
    return [`    the kernel has all ${count(elements, "element")} of this, as they should be`];
  }
  return [
    `    the kernel DIFFERS: of ${
      count(elements, "element")
    }, ${missing} missing, ${different} different`,
    ...examples.map((example) => `      should be: ${example}`),
    "      when it stays so and no change is waiting: a restart writes everything anew, without a gap",
  ];
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
