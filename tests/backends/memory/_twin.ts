import type { Evaluation, Packet, Path } from "../../../backends/memory/evaluate.ts";
import { MemoryNft } from "../../../backends/memory/memory_nft.ts";
import { NftablesBackend } from "../../../backends/nftables/nftables_backend.ts";
import type { Outcome } from "../../../cli/demo/lab.ts";
import { advance } from "../../../model/advance.ts";
import { systemClock } from "../../../model/clock.ts";
import { type DesiredState, emptyState } from "../../../model/desired_state.ts";
import { FAMILIES, type Family } from "../../../model/family.ts";
import type { ClusterObject } from "../../../model/objects.ts";
import type { Settings } from "../../../model/settings.ts";
import { ADDRESSES, type ClusterLab, type Member, TARGET_PORT } from "../../support/cluster_lab.ts";
import { settings, snapshotOf } from "../../support/objects.ts";
import { unreachables } from "../../support/unreachables.ts";

/** A connection that a member of the lab opens. */
export interface Attempt {
  readonly from: Member;
  readonly to: string;
  readonly port: number;
  readonly protocol: "TCP" | "UDP";
}

/** A lab, and an nft in memory that goes through the same changes. */
export class Twin {
  readonly #lab: ClusterLab;
  readonly #nft = new MemoryNft({ clock: systemClock });
  readonly #backends = new Map(
    FAMILIES.map((family) => [
      family,
      new NftablesBackend(family, { nft: this.#nft, clock: systemClock }),
    ]),
  );
  readonly #states = new Map<Family, DesiredState>();

  constructor(lab: ClusterLab) {
    this.#lab = lab;
  }

  /** Makes `objects` all that the cluster holds, in the kernel and in memory. */
  async program(
    objects: readonly ClusterObject[],
    changes: Partial<Record<Family, Partial<Settings>>> = {},
  ): Promise<void> {
    await this.#lab.program(objects, changes);
    for (const [family, backend] of this.#backends) {
      const current = settings(changes[family] ?? {}, family);
      const previous = this.#states.get(family) ?? emptyState(family, current);
      const snapshot = snapshotOf(...objects);
      const transition = advance(previous, { snapshot, settings: current, services: "all" });
      await backend.apply(transition, { full: false });
      await backend.tidy();
      this.#states.set(family, transition.next);
    }
  }

  /** Opens a connection in the lab, and says so if the evaluator did not think what came of it possible. */
  async disagreement(attempt: Attempt): Promise<string | undefined> {
    const evaluation = this.evaluate(attempt);
    const possible = evaluation.paths.map((path) => arrival(attempt, path));
    const got = await this.#observe(attempt);
    const taken = evaluation.paths[possible.indexOf(got)];
    if (taken !== undefined) {
      this.#nft.follow(taken, familyOf(attempt));
      return undefined;
    }
    const { from, protocol, to, port } = attempt;
    const want = [...new Set(possible)].join(" or ");
    return `${from} → ${protocol} ${to} ${port}: the evaluator says ${want}, the kernel ${got}`;
  }

  evaluate(attempt: Attempt): Evaluation {
    const { from, to, port, protocol } = attempt;
    const index = familyOf(attempt) === "IPv4" ? 0 : 1;
    const packet: Packet = {
      protocol,
      source: ADDRESSES[from][index],
      destination: to,
      port,
      ingress: from === "node" ? undefined : from,
    };
    return this.#nft.evaluate(packet, { localAddresses: [ADDRESSES.node[index]] });
  }

  async #observe({ from, to, port, protocol }: Attempt): Promise<string> {
    const member = this.#lab.members[from];
    const isIPv6 = to.includes(":");
    const before = isIPv6 ? await unreachables(member) : 0;
    const outcome = await member.connect(to, port, { protocol, timeoutMs: 250 });
    if (outcome.result === "timeout" && isIPv6 && await unreachables(member) > before) {
      return "refused";
    }
    return describe(from, outcome);
  }
}

function familyOf({ to }: Attempt): Family {
  return to.includes(":") ? "IPv6" : "IPv4";
}

function describe(from: Member, outcome: Outcome): string {
  if (outcome.result !== "answered") return outcome.result;
  const isOwn = from !== "node" && ADDRESSES[from].includes(outcome.source);
  return `${outcome.server} to ${isOwn ? from : "node"}`;
}

/** Says what a sender sees when its packet takes a path. In the lab nobody is at an address that no member has. */
function arrival({ from }: Attempt, path: Path): string {
  if (path.verdict === "reject") return "refused";
  if (path.verdict === "drop") return "timeout";
  const members = Object.keys(ADDRESSES) as Member[];
  const owner = members.find((member) => ADDRESSES[member].includes(path.destination));
  if (owner === undefined) return "timeout";
  if (owner === "client" || path.port !== TARGET_PORT) return "refused";
  return `${owner} to ${path.masquerade ? "node" : from}`;
}
