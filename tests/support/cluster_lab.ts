import type { ApplyReport } from "../../backends/backend.ts";
import { NftablesBackend } from "../../backends/nftables/nftables_backend.ts";
import { type Nft, spawnedNft } from "../../backends/nftables/nft.ts";
import { Lab, type Namespace } from "../../cli/demo/lab.ts";
import { advance } from "../../model/advance.ts";
import { systemClock } from "../../model/clock.ts";
import { type DesiredState, emptyState } from "../../model/desired_state.ts";
import { FAMILIES, type Family } from "../../model/family.ts";
import type { ClusterObject } from "../../model/objects.ts";
import type { Settings } from "../../model/settings.ts";
import { settings, snapshotOf } from "./objects.ts";

/** The names of those who send and answer in a {@linkcode ClusterLab}. */
export type Member = "pod-a" | "pod-b" | "remote" | "node" | "client";

/** The addresses of the members, IPv4 and IPv6. `remote` is a pod that belongs to another node. */
export const ADDRESSES: Readonly<Record<Member, readonly [string, string]>> = {
  "pod-a": ["10.244.1.5", "fd00:244::1:5"],
  "pod-b": ["10.244.1.6", "fd00:244::1:6"],
  remote: ["10.244.2.7", "fd00:244::2:7"],
  node: ["192.0.2.10", "2001:db8::10"],
  client: ["192.0.2.100", "2001:db8::100"],
};

/** The port on which every member but the client answers, over TCP and UDP. */
export const TARGET_PORT = 8080;

/** A lab whose node has weir's rules, with pods and the node itself answering on {@linkcode TARGET_PORT}. */
export class ClusterLab implements AsyncDisposable {
  readonly lab: Lab;
  readonly members: Readonly<Record<Member, Namespace>>;
  /** How the node's rules are reached. */
  readonly nft: Nft;
  #backends: Readonly<Record<Family, NftablesBackend>>;
  readonly #states = new Map<Family, DesiredState>();

  private constructor(lab: Lab, members: Record<Member, Namespace>, nft: Nft) {
    this.lab = lab;
    this.members = members;
    this.nft = nft;
    this.#backends = backendsWith(nft);
  }

  /** Makes the lab and starts all servers. `wrap` may come between weir and nft. */
  static async create(wrap: (nft: Nft) => Nft = (nft) => nft): Promise<ClusterLab> {
    const lab = await Lab.create({ addresses: [...ADDRESSES.node] });
    try {
      const pod = (name: Member) => lab.addPod({ name, addresses: [...ADDRESSES[name]] });
      const members = {
        "pod-a": await pod("pod-a"),
        "pod-b": await pod("pod-b"),
        remote: await pod("remote"),
        node: lab.node,
        client: await lab.addClient({ name: "client", addresses: [...ADDRESSES.client] }),
      };
      const { client: _, ...servers } = members;
      await Promise.all(
        Object.values(servers).flatMap((member) =>
          (["TCP", "UDP"] as const).map((protocol) => member.serve(TARGET_PORT, { protocol }))
        ),
      );
      return new ClusterLab(lab, members, wrap(nftOn(lab.node)));
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /**
   * Makes `objects` all that the cluster holds: a full apply for the first time or with other settings. Returns what was
   * done in each family.
   */
  async program(
    objects: readonly ClusterObject[],
    changes: Partial<Record<Family, Partial<Settings>>> = {},
  ): Promise<readonly ApplyReport[]> {
    const reports: ApplyReport[] = [];
    for (const family of FAMILIES) {
      const current = settings(changes[family] ?? {}, family);
      const previous = this.#states.get(family) ?? emptyState(family, current);
      const change = {
        snapshot: snapshotOf(...objects),
        settings: current,
        services: "all",
      } as const;
      const transition = advance(previous, change);
      reports.push(await this.#backends[family].apply(transition, { full: false }));
      await this.#backends[family].tidy();
      this.#states.set(family, transition.next);
    }
    return reports;
  }

  /** Returns the names of the Service ports that have more clients than are remembered. */
  async unlearned(family: Family): Promise<readonly string[]> {
    const ports = await this.#backends[family].unlearned();
    return ports.map(({ name }) => name);
  }

  /** Forgets everything, as a process that starts anew does. The rules stay in the kernel. */
  restart(): void {
    this.#backends = backendsWith(this.nft);
    this.#states.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab.close();
  }
}

/** Returns what reaches the rules of `node`. */
function nftOn(node: Namespace): Nft {
  return spawnedNft({ run: (command, args, options) => node.exec(command, args, options) });
}

function backendsWith(nft: Nft): Readonly<Record<Family, NftablesBackend>> {
  const backend = (family: Family) => new NftablesBackend(family, { nft, clock: systemClock });
  return { IPv4: backend("IPv4"), IPv6: backend("IPv6") };
}
