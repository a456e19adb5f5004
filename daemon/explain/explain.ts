import { conflictAbout, describeConflict } from "../../model/conflicts.ts";
import { winner } from "../../model/desired_state.ts";
import type { Frontend } from "../../model/frontend.ts";
import { nodePortIPs } from "../../model/settings.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { Lists } from "./choices.ts";
import { explainEndpoints } from "./endpoints.ts";
import type { Explanation, FrontendExplanation, PortExplanation, Way } from "./explanation.ts";
import type { Found, Part } from "./find.ts";
import { frontendText } from "./frontend_text.ts";
import { outcomeOf } from "./outcome.ts";
import type { From } from "./question.ts";
import { doubtAbout, senderOf } from "./sender.ts";
import type { WalkTo } from "./walk.ts";

/** Service ports that are explained at the most. */
const MOST_PORTS = 10;

/** From where and with what a Service is explained. */
export interface Circumstances {
  readonly from: From | undefined;
  readonly snapshot: Snapshot;
  /** Walks packets through the rules of each part. */
  readonly walkTo: (part: Part) => WalkTo;
}

/** Explains what was found, as data. */
export function explain(
  { service, parts }: Found,
  circumstances: Circumstances,
): Explanation {
  const ports = parts.slice(0, MOST_PORTS).map((part) => explainPort(part, circumstances));
  const [state] = parts.map((part) => part.state);
  const doubt = state && doubtAbout(circumstances.from, state.settings);
  return {
    answer: answerOf(service, ports),
    notes: doubt === undefined ? [] : [doubt],
    ports,
    omittedPorts: parts.length - ports.length,
  };
}

function answerOf(service: string, ports: readonly PortExplanation[]): string {
  const frontends = ports.flatMap((port) => port.frontends.map((one) => ({ port, one })));
  const [only] = frontends;
  if (only !== undefined && frontends.length === 1) {
    const { port, one } = only;
    return `${one.address} is the ${KINDS[one.kind]} of "${port.name}": ${one.says}`;
  }
  const all = new Set(frontends.map(({ one }) => one.says));
  const [says] = all;
  const each = says !== undefined && all.size === 1 ? `: each ${says}` : "";
  return `Service "${service}" has ${frontends.length} addresses and ports${each}`;
}

/** What people call the kinds of frontends. */
export const KINDS: Readonly<Record<Frontend["kind"], string>> = {
  ClusterIP: "cluster IP",
  ExternalIP: "external IP",
  LoadBalancerIP: "load balancer IP",
  NodePort: "node port",
};

function explainPort(part: Part, circumstances: Circumstances): PortExplanation {
  const { state, port: { port, selection } } = part;
  const slices = circumstances.snapshot.slices.get(port.service, []);
  const context = { family: state.family, node: state.settings, lists: listsFor(part) };
  const { problems = [] } = state.services.get(port.service) ?? {};
  return {
    name: port.name,
    family: state.family,
    protocol: port.protocol,
    port: port.port,
    internalTrafficPolicy: port.internalPolicy,
    externalTrafficPolicy: port.externalPolicy,
    affinitySeconds: port.affinitySeconds,
    frontends: part.frontends.map((frontend) => explainFrontend(frontend, part, circumstances)),
    endpoints: explainEndpoints(part.port, slices, context),
    hints: { followed: selection.topology, ignored: selection.ignoredHints },
    problems: problems.map(({ kind, object, message }) => `${kind} "${object}": ${message}`),
  };
}

/** Returns the lists that the frontends of a part choose from, or would choose from with other endpoints. */
function listsFor({ port: { port }, frontends }: Part): Lists {
  const policies = frontends.map(({ kind }) => kind === "ClusterIP" ? "internal" : "external");
  const isLocal = (side: string) =>
    port[side === "internal" ? "internalPolicy" : "externalPolicy"] === "Local";
  return {
    // Pods and the node reach all endpoints also under externalTrafficPolicy Local.
    cluster: policies.some((side) => side === "external" || !isLocal(side)),
    local: policies.some(isLocal),
  };
}

function explainFrontend(
  frontend: Frontend,
  part: Part,
  { from, walkTo }: Circumstances,
): FrontendExplanation {
  const { state } = part;
  const { key, kind, address, port, protocol, dispatch, allowedSources } = frontend;
  const conflict = conflictAbout(state, key);
  const isHeld = winner(state, key) === frontend;
  const senders: readonly From[] = from === undefined ? ["pod", "node", "outside"] : [from];
  const ways = isHeld ? senders.map((one) => wayOf(frontend, one, part, walkTo(part))) : [];
  return {
    key,
    address: frontendText(address, port, protocol),
    kind,
    says: isHeld ? saysOf(ways) : `"${conflict?.winner.owner.name}" has it`,
    isHeld,
    conflict: conflict === undefined ? null : describeConflict(conflict),
    dispatch,
    ways,
    allowedSources,
    nodePortAddresses: kind === "NodePort" ? nodePortIPs(state.settings) : null,
  };
}

function wayOf(frontend: Frontend, from: From, { state }: Part, walkTo: WalkTo): Way {
  const sender = senderOf(from, frontend, state.settings);
  const { to, masquerade, why } = outcomeOf(frontend, sender, state.settings);
  return {
    from: sender.origin === "host" ? "node" : sender.origin,
    source: sender.address,
    to,
    masquerade,
    endpoints: to === "cluster" || to === "local" ? frontend[to].length : 0,
    why,
    walk: walkTo(frontend, sender),
  };
}

/** Says in a few words what becomes of connections. */
function saysOf(ways: readonly Way[]): string {
  const groups = Map.groupBy(ways, resultOf);
  const [only] = groups.keys();
  if (only !== undefined && groups.size === 1) {
    const [way] = ways;
    return way?.to === "drop" || way?.to === "reject" ? `${only}, ${way.why}` : only;
  }
  return [...groups].map(([result, some]) =>
    `${some.map(({ from }) => NAMES[from]).join(" and ")}: ${result}`
  ).join("; ");
}

const NAMES: Readonly<Record<Way["from"], string>> = {
  pod: "pods",
  node: "this node",
  outside: "everybody else",
};

/** Returns what becomes of connections: `rejected`, `dropped` or where they get to. */
export function resultOf({ to, endpoints }: Way): string {
  switch (to) {
    case "reject":
      return "rejected";
    case "drop":
      return "dropped";
    case "local":
      return `reaches ${count(endpoints, "endpoint")} on this node`;
    case "cluster":
      return `reaches ${count(endpoints, "endpoint")}`;
  }
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}
