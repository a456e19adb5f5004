import { Lab, type Namespace } from "../../cli/demo/lab.ts";
import { runProcess } from "../../backends/process.ts";
import { FAMILIES, type Family } from "../../model/family.ts";
import { type ProxyProgram, RunningProxy } from "./proxies.ts";
import {
  ADDRESSES,
  HELD_VIP,
  type Member,
  MEMBERS,
  SECOND_NODE_ADDRESS,
  TARGET_PORTS,
} from "./scenario.ts";

/** The API server's address for the nodes, on a link of its own to each. */
export const API_ADDRESS = "198.51.100.1";

/** The client's further addresses, for probes that need many clients. */
export const CROWD: Readonly<Record<Family, readonly string[]>> = {
  IPv4: Array.from({ length: 12 }, (_, i) => `192.0.2.${101 + i}`),
  IPv6: Array.from({ length: 12 }, (_, i) => `2001:db8::1:${i + 1}`),
};

/** One of the two labs, with its proxy. */
export class Side implements AsyncDisposable {
  readonly name: ProxyProgram["name"];
  readonly members: Readonly<Record<Member, Namespace>>;
  readonly #lab: Lab;
  readonly #program: ProxyProgram;
  readonly #log: string;
  #proxy: RunningProxy | undefined;

  private constructor(
    lab: Lab,
    program: ProxyProgram,
    members: Record<Member, Namespace>,
    log: string,
  ) {
    this.name = program.name;
    this.members = members;
    this.#lab = lab;
    this.#program = program;
    this.#log = log;
  }

  /** Makes the lab with all servers. `number` (from 2) tells its link to the API server from others. */
  static async create(program: ProxyProgram, number: number, dir: string): Promise<Side> {
    const lab = await Lab.create({ name: "node", addresses: both(ADDRESSES.node) });
    try {
      await linkToApiServer(lab.node, `api-${number}`, `198.51.100.${number}`);
      await addFurtherAddresses(lab.node);
      const pods = await Promise.all(
        (["pod-a", "pod-b", "remote"] as const).map((name) =>
          lab.addPod({ name, addresses: both(ADDRESSES[name]) })
        ),
      );
      const client = await lab.addClient({
        name: "client",
        addresses: [...both(ADDRESSES.client), ...CROWD.IPv4, ...CROWD.IPv6],
      });
      const [podA, podB, remote] = pods as [Namespace, Namespace, Namespace];
      const members = { "pod-a": podA, "pod-b": podB, remote, node: lab.node, client };
      await Promise.all(
        [podA, podB, remote, lab.node].flatMap((member) =>
          TARGET_PORTS.flatMap((port) =>
            (["TCP", "UDP"] as const).map((protocol) => member.serve(port, { protocol }))
          )
        ),
      );
      return new Side(lab, program, members, `${dir}/${program.name}.log`);
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** Starts the proxy with a configuration file. Throws when one runs already. */
  async start(config: string): Promise<void> {
    if (this.#proxy !== undefined) throw new Error(`Cannot start ${this.name}: it runs already`);
    const files = { config, log: this.#log };
    this.#proxy = await RunningProxy.start(this.#program, this.members.node, files);
  }

  /** Ends the proxy; its rules stay. */
  async stop(): Promise<void> {
    await this.#proxy?.stop();
    this.#proxy = undefined;
  }

  /** Makes the kernel forget every flow. */
  async forgetFlows(): Promise<void> {
    await this.members.node.exec("conntrack", ["-F"]);
  }

  /** Resolves when both addresses answer on port 80. Throws when the proxy ends, or after 30 s. */
  async answers(addresses: Readonly<Record<Family, string>>, signal: AbortSignal): Promise<void> {
    const end = performance.now() + 30_000;
    for (const family of FAMILIES) {
      while (!await this.#isAnswered(addresses[family])) {
        signal.throwIfAborted();
        await this.#proxy?.assertAlive();
        if (performance.now() < end) continue;
        throw new Error(
          `${this.name} has not caught up within 30 s (${family}):\n${await this.#proxy
            ?.logTail()}`,
        );
      }
    }
  }

  async #isAnswered(address: string): Promise<boolean> {
    const outcome = await this.members.client.connect(address, 80, { timeoutMs: 50 });
    if (outcome.result === "answered") return true;
    await new Promise((resolve) => setTimeout(resolve, 20));
    return false;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lab.close();
  }
}

/** Returns the name of the member that has `address`; the address itself when nobody has it. */
export function ownerOf(address: string): string {
  const ofNode = [SECOND_NODE_ADDRESS, HELD_VIP].flatMap(both);
  if (ofNode.includes(address)) return "node";
  if (FAMILIES.some((family) => CROWD[family].includes(address))) return "client";
  return MEMBERS.find((name) => both(ADDRESSES[name]).includes(address)) ?? address;
}

function both(addresses: Readonly<Record<Family, string>>): string[] {
  return [addresses.IPv4, addresses.IPv6];
}

/** Joins `node` with the namespace of this process, where the API server is. */
async function linkToApiServer(node: Namespace, name: string, address: string): Promise<void> {
  await batch([
    `link add name ${name} type veth peer name api netns ${node.pid}`,
    `link set dev ${name} addrgenmode none up`,
    `address add ${API_ADDRESS}/32 dev ${name}`,
    `route add ${address}/32 dev ${name}`,
  ]);
  await nodeBatch(node, [
    "link set dev api addrgenmode none up",
    `address add ${address}/32 dev api`,
    `route add ${API_ADDRESS}/32 dev api src ${address}`,
  ]);
}

async function addFurtherAddresses(node: Namespace): Promise<void> {
  await nodeBatch(node, [
    ...[SECOND_NODE_ADDRESS, HELD_VIP].flatMap(({ IPv4, IPv6 }) => [
      `address add ${IPv4}/32 dev lo`,
      `address add ${IPv6}/128 dev lo nodad`,
    ]),
  ]);
}

/** Runs lines of `ip -batch` on a node. */
export async function nodeBatch(node: Namespace, lines: readonly string[]): Promise<void> {
  await node.output("ip", ["-batch", "-"], { stdin: [`${lines.join("\n")}\n`] });
}

/** Runs lines of `nft -f` on a node. */
export async function nftBatch(node: Namespace, lines: readonly string[]): Promise<void> {
  await node.output("nft", ["-f", "-"], { stdin: [`${lines.join("\n")}\n`] });
}

async function batch(lines: readonly string[]): Promise<void> {
  const options = { stdin: [`${lines.join("\n")}\n`], timeoutMs: 10_000 };
  const { code, stderr } = await runProcess("ip", ["-batch", "-"], options);
  if (code !== 0) throw new Error(`Cannot join the API server: ${stderr.trim()}`);
}
