import type { Flow, Namespace, Outcome } from "../../cli/demo/lab.ts";
import { familyOf } from "../../model/family.ts";
import type { Place } from "./render.ts";
import { ADDRESSES, type Member, type Probe } from "./scenario.ts";
import { CROWD, ownerOf, type Side } from "./side.ts";

/** How thoroughly a probe is made. */
export interface Effort {
  /** New connections of a probe: enough that a list of two endpoints is met in full. */
  readonly connections: number;
  /** Milliseconds until silence counts as `timeout`. */
  readonly timeoutMs: number;
}

/** The first time: a wrong "nobody" or a missed endpoint can only look like a difference, and is asked again. */
export const QUICK: Effort = { connections: 10, timeoutMs: 300 };
/** When the two outcomes differ. */
export const THOROUGH: Effort = { connections: 64, timeoutMs: 1_000 };

/** Makes probes from the members of one side, and keeps the flows that are open. */
export class Prober {
  readonly #side: Side;
  readonly #flows = new Map<string, Flow>();

  constructor(side: Side) {
    this.#side = side;
  }

  /** Makes `probe` once and says what came of it. `key` names its flow from step to step. */
  async outcome(probe: Probe, place: Place, key: string, effort: Effort): Promise<string> {
    const member = this.#side.members[probe.from];
    switch (probe.kind) {
      case "connect":
      case "count":
        return await connect(member, probe, place, effort);
      case "spread":
        return summary(await fromCrowd(member, probe, place, effort), probe.from);
      case "flow":
        return summary([await this.#ask(member, probe, place, key, effort)], probe.from);
      case "echo":
      case "sctp":
        return await script(member, "raw_packet.ts", [
          probe.kind,
          place.address,
          String(place.port),
        ]);
      case "health":
      case "http":
        return await script(member, "http_get.ts", [`http://${hostOf(place)}${probe.path ?? "/"}`]);
    }
  }

  /** Closes every flow. */
  async closeFlows(): Promise<void> {
    await Promise.all([...this.#flows.values()].map((flow) => flow.close()));
    this.#flows.clear();
  }

  async #ask(
    member: Namespace,
    { protocol, from }: Probe,
    { address, port }: Place,
    key: string,
    { timeoutMs }: Effort,
  ): Promise<Outcome> {
    const known = this.#flows.get(key);
    if (known !== undefined) return await known.ask();
    const options = { protocol, timeoutMs, ...sourceOf(from, address) };
    const flow = await member.open(address, port, options);
    // A TCP connection that was not made is no flow: it is tried anew after the next change.
    if (protocol === "UDP" || flow.first.result === "answered") this.#flows.set(key, flow);
    return flow.first;
  }
}

async function connect(
  member: Namespace,
  probe: Probe,
  { address, port }: Place,
  { connections, timeoutMs }: Effort,
): Promise<string> {
  const { protocol, from } = probe;
  const options = { protocol, timeoutMs, parallel: connections, ...sourceOf(from, address) };
  const outcomes = await member.connectMany(address, port, connections, options);
  return summary(outcomes, from, probe.kind === "count");
}

/** Names the source of connections to `address`: of the client's many addresses the system would choose by the target. */
function sourceOf(from: Member, address: string): { readonly sourceAddress?: string } {
  return from === "client" ? { sourceAddress: ADDRESSES.client[familyOf(address)] } : {};
}

async function fromCrowd(
  member: Namespace,
  { protocol }: Probe,
  { address, port }: Place,
  { timeoutMs }: Effort,
): Promise<readonly Outcome[]> {
  return await Promise.all(
    CROWD[familyOf(address)].map((sourceAddress) =>
      member.connect(address, port, { protocol, timeoutMs, sourceAddress })
    ),
  );
}

async function script(member: Namespace, file: string, args: readonly string[]): Promise<string> {
  const path = new URL(file, import.meta.url).href;
  const flags = ["--no-prompt", "--no-config", "--no-lock", "--no-check"];
  const permissions = ["--allow-net", "--allow-ffi"];
  return await member.output(Deno.execPath(), ["run", ...flags, ...permissions, path, ...args]);
}

function hostOf({ address, port }: Place): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}

/**
 * Says in words what came of a probe: `pod-a+remote from own` (the servers that answered and the source that they saw),
 * `refused`, `timeout`, or several of these.
 */
export function summary(outcomes: readonly Outcome[], from: Member, onlyCount = false): string {
  const servers = new Map<string, Set<string>>();
  const failures = new Set<string>();
  for (const outcome of outcomes) {
    if (outcome.result !== "answered") failures.add(outcome.result);
    else {
      const owner = ownerOf(outcome.source);
      const source = owner === from ? "own" : owner;
      servers.set(source, (servers.get(source) ?? new Set()).add(outcome.server));
    }
  }
  const answered = [...servers].sort().map(([source, names]) =>
    `${onlyCount ? `${names.size} of them` : [...names].sort().join("+")} from ${source}`
  );
  return [...answered, ...[...failures].sort()].join(", ") || "nothing";
}
