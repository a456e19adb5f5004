import {
  guestBatch,
  type GuestSpec,
  holderCommand,
  interfaceOf,
  joinBatch,
  uplinkBatch,
} from "./wiring.ts";
import { Namespace } from "./namespace.ts";
import type { Outcome } from "./protocol.ts";

export { type ConnectOptions, Namespace, type ServeOptions } from "./namespace.ts";
export { Flow } from "./flow.ts";
export type { Outcome, Transport } from "./protocol.ts";
export type { GuestSpec } from "./wiring.ts";

/** The node of a lab. */
export interface NodeSpec {
  /** @default {"node"} */
  readonly name?: string;
  /** @default {["192.0.2.10", "2001:db8::10"]} */
  readonly addresses?: readonly string[];
}

/** Thrown when this machine does not let us make network namespaces, neither as root nor in a user namespace. */
export class NamespacesNotAllowedError extends Error {
  override readonly name = "NamespacesNotAllowedError";
}

/** How a namespace is made and entered: as root, or within a user namespace of the lab's own. */
interface Privilege {
  /** Prefix that makes the first namespace. */
  readonly first: readonly string[];
  /** Prefix that makes a further one, given the process that holds the first. */
  further(firstPid: number): readonly string[];
  /** Prefix that enters one. */
  enter(pid: number): readonly string[];
}

const AS_ROOT: Privilege = {
  first: ["unshare", "--net", "--"],
  further: () => ["unshare", "--net", "--"],
  enter: (pid) => ["nsenter", `--target=${pid}`, "--net", "--"],
};

const IN_USER_NAMESPACE: Privilege = {
  first: ["unshare", "--user", "--map-root-user", "--net", "--"],
  further: (pid) => [...intoUser(pid), "--", "unshare", "--net", "--"],
  enter: (pid) => [...intoUser(pid), "--net", "--"],
};

function intoUser(pid: number): string[] {
  return ["nsenter", `--target=${pid}`, "--user", "--preserve-credentials"];
}

/**
 * A node, pods and clients in network namespaces of their own, joined by routed point-to-point veths, so that every
 * packet passes the node and its nftables rules. It works as root, inside `unshare -Urn`, and without root wherever
 * user namespaces are allowed.
 *
 * Everything ends with {@linkcode Lab.close} (or `await using`), and at the latest with the process that made it.
 *
 * @example
 * ```ts
 * await using lab = await Lab.create();
 * const pod = await lab.addPod({ name: "pod-a", addresses: ["10.244.1.5"] });
 * const client = await lab.addClient({ name: "client", addresses: ["192.0.2.100"] });
 * await pod.serve(8080);
 * const outcome = await client.connect("10.244.1.5", 8080);
 * // { result: "answered", server: "pod-a", source: "192.0.2.100", sourcePort: 40000 }
 * ```
 */
export class Lab implements AsyncDisposable {
  /** Where the service proxy and its rules live. */
  readonly node: Namespace;
  readonly #privilege: Privilege;
  readonly #guests = new Map<string, { namespace: Namespace; interface: string }>();

  private constructor(node: Namespace, privilege: Privilege) {
    this.node = node;
    this.#privilege = privilege;
  }

  /** Makes a lab with nothing but its node. Throws {@linkcode NamespacesNotAllowedError}. */
  static async create(spec: NodeSpec = {}): Promise<Lab> {
    const { name = "node", addresses = ["192.0.2.10", "2001:db8::10"] } = spec;
    const [holder, privilege] = await holdFirst();
    const enter = privilege.enter(holder.pid);
    const lab = new Lab(new Namespace({ name, addresses, holder, enter }), privilege);
    try {
      await lab.node.output("ip", ["-batch", "-"], { stdin: [uplinkBatch(addresses)] });
      return lab;
    } catch (error) {
      await lab.close();
      throw error;
    }
  }

  /** Adds a pod. Its addresses, e.g. `["10.244.1.5", "fd00:244::1:5"]`, are routed to it by the node. */
  addPod(spec: GuestSpec): Promise<Namespace> {
    return this.#join(spec);
  }

  /** Adds a client outside the cluster, e.g. at `["192.0.2.100"]`, with the node as its router. */
  addClient(spec: GuestSpec): Promise<Namespace> {
    return this.#join(spec);
  }

  /** Takes a pod or client away, with its namespace, its veth and the routes to it. */
  async remove(guest: Namespace): Promise<void> {
    const entry = this.#guests.get(guest.name);
    if (entry?.namespace !== guest) return;
    this.#guests.delete(guest.name);
    await guest.close();
    // The kernel takes a dead namespace apart in its own time; its veth must not be in the way until then. When joining
    // failed, there may be none.
    await this.node.exec("ip", ["link", "delete", "dev", entry.interface]);
  }

  /** Ends every namespace and everything that runs in them. */
  async close(): Promise<void> {
    const guests = [...this.#guests.values()].map((entry) => entry.namespace);
    await Promise.all([...guests, this.node].map((namespace) => namespace.close()));
    this.#guests.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #join(spec: GuestSpec): Promise<Namespace> {
    if (this.#guests.has(spec.name)) {
      throw new Error(`Cannot add "${spec.name}": the lab has a guest of this name`);
    }
    const veth = interfaceOf(spec);
    const further = this.#privilege.further(this.node.pid);
    const holder = await hold([...further, ...holderCommand("guest")]);
    const enter = this.#privilege.enter(holder.pid);
    const guest = new Namespace({ name: spec.name, addresses: spec.addresses, holder, enter });
    this.#guests.set(spec.name, { namespace: guest, interface: veth });
    try {
      const nodeAddresses = this.node.addresses;
      const join = joinBatch(spec, guest.pid, nodeAddresses);
      await this.node.output("ip", ["-batch", "-"], { stdin: [join] });
      await guest.output("ip", ["-batch", "-"], { stdin: [guestBatch(spec, nodeAddresses)] });
      return guest;
    } catch (error) {
      await this.remove(guest);
      throw error;
    }
  }
}

/** Counts outcomes: by the server that answered, else by the result. */
export function tally(outcomes: Iterable<Outcome>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const outcome of outcomes) {
    const key = outcome.result === "answered" ? outcome.server : outcome.result;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

async function holdFirst(): Promise<[holder: Deno.ChildProcess, privilege: Privilege]> {
  const refusals: string[] = [];
  for (const privilege of [AS_ROOT, IN_USER_NAMESPACE]) {
    try {
      return [await hold([...privilege.first, ...holderCommand("node")]), privilege];
    } catch (error) {
      if (error instanceof Deno.errors.NotFound) throw error;
      refusals.push(error instanceof Error ? error.message : String(error));
    }
  }
  throw new NamespacesNotAllowedError(
    `Cannot make network namespaces: ${refusals.join("; in a user namespace: ")}`,
  );
}

/** Starts a holder and waits until its namespace is ready. Throws with its complaint when it ends instead. */
async function hold(command: readonly string[]): Promise<Deno.ChildProcess> {
  const [program = "", ...args] = command;
  const streams = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
  const holder = new Deno.Command(program, { args, ...streams }).spawn();
  const complaints = new Response(holder.stderr).text();
  const reader = holder.stdout.getReader();
  const { done } = await reader.read();
  void reader.cancel();
  if (!done) return holder;
  await holder.stdin.close().catch(() => {});
  await holder.status;
  throw new Error((await complaints).trim() || `"${program}" ended without a message`);
}
