import { type ApiServer, startApiServer } from "../support/api_server.ts";
import type { ApiObject } from "./render.ts";
import { ADDRESSES, NODE_NAME } from "./scenario.ts";
import { API_ADDRESS } from "./side.ts";

/** How many requests are under way at once. */
const PARALLEL = 8;

const BOTH = [ADDRESSES.node.IPv4, ADDRESSES.node.IPv6];

/** What a Node object says about this node. */
export interface NodeSpec {
  readonly zone?: string;
  readonly podCIDRs?: readonly string[];
  /** Its addresses. @default those of both families */
  readonly addresses?: readonly string[];
}

/** The objects of one real API server, for both nodes. */
export class Cluster implements AsyncDisposable {
  readonly #server: ApiServer;
  readonly #existing = new Map<string, ApiObject>();

  private constructor(server: ApiServer) {
    this.#server = server;
  }

  /** Starts the API server, on every address of this network namespace. */
  static async start(): Promise<Cluster> {
    const dir = await Deno.makeTempDir({ prefix: "weir-oracle-" });
    try {
      await createCertificate(`${dir}/certs`);
      const args = [
        "--bind-address=0.0.0.0",
        `--advertise-address=${API_ADDRESS}`,
        "--service-cluster-ip-range=10.96.0.0/12,fd00:96::/108",
        "--service-node-port-range=25000-32767",
        // clusters hold objects from the time before it
        "--feature-gates=StrictIPCIDRValidation=false",
      ];
      return new Cluster(await startApiServer({ dir, args }));
    } catch (error) {
      await Deno.remove(dir, { recursive: true });
      throw error;
    }
  }

  /** A folder for files of the run; it goes with the cluster. */
  get dir(): string {
    return this.#server.dir;
  }

  /** Writes the kubeconfig with which the proxies come from their nodes, and returns its path. */
  async proxyKubeconfig(): Promise<string> {
    const path = `${this.dir}/node.kubeconfig`;
    const text = await Deno.readTextFile(this.#server.proxyKubeconfig);
    await Deno.writeTextFile(path, text.replaceAll("127.0.0.1", API_ADDRESS));
    return path;
  }

  /** Makes the Node object of this node what `spec` says. */
  async setNode({ zone, podCIDRs = [], addresses = BOTH }: NodeSpec): Promise<void> {
    const path = "/api/v1/nodes";
    await this.#server.request("DELETE", `${path}/${NODE_NAME}`).catch(() => {});
    await this.#server.request("POST", path, {
      metadata: {
        name: NODE_NAME,
        labels: zone === undefined ? {} : { "topology.kubernetes.io/zone": zone },
      },
      spec: { podCIDRs, ...(podCIDRs[0] === undefined ? {} : { podCIDR: podCIDRs[0] }) },
      status: { addresses: addresses.map((address) => ({ type: "InternalIP", address })) },
    });
  }

  /** Changes what the Node object of this node says about its zone, or the keys of its taints. */
  async changeNode(
    { zone, taints }: { readonly zone?: string; readonly taints?: readonly string[] },
  ): Promise<void> {
    const labels = { "topology.kubernetes.io/zone": zone };
    await this.#server.request("PATCH", `/api/v1/nodes/${NODE_NAME}`, {
      ...(zone === undefined ? {} : { metadata: { labels } }),
      ...(taints === undefined
        ? {}
        : { spec: { taints: taints.map((key) => ({ key, effect: "NoSchedule" })) } }),
    });
  }

  /** Creates objects, or replaces those that exist. Services come first, as in life. */
  async apply(objects: readonly ApiObject[]): Promise<void> {
    await inParallel(objects, (one) => this.#applyOne(one));
  }

  /** Deletes objects that exist. */
  async remove(objects: readonly ApiObject[]): Promise<void> {
    await inParallel(objects, async ({ collection, name }) => {
      const path = `${collection}/${name}`;
      if (!this.#existing.delete(path)) return;
      await this.#server.request("DELETE", path);
    });
  }

  /** Deletes everything that was created. */
  async clear(): Promise<void> {
    await this.remove([...this.#existing.values()]);
  }

  async #applyOne(one: ApiObject): Promise<void> {
    const path = `${one.collection}/${one.name}`;
    if (this.#existing.has(path)) await this.#server.request("PUT", path, one.body);
    else await this.#server.request("POST", one.collection, one.body);
    this.#existing.set(path, one);
    if (one.status === undefined) return;
    await this.#server.request("PATCH", `${path}/status`, { status: one.status });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
    await Deno.remove(this.dir, { recursive: true });
  }
}

/**
 * Makes the API server's certificate where it looks for one: it is for loopback and for the nodes' way to it. The one that
 * it would make itself is for one address only.
 */
async function createCertificate(dir: string): Promise<void> {
  await Deno.mkdir(dir);
  const { success, stderr } = await new Deno.Command("openssl", {
    args: [
      ...["req", "-x509", "-nodes", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"],
      ...["-keyout", `${dir}/apiserver.key`, "-out", `${dir}/apiserver.crt`],
      ...["-days", "2", "-subj", "/CN=weir-oracle", "-addext", "basicConstraints=CA:FALSE"],
      ...["-addext", `subjectAltName=IP:127.0.0.1,IP:${API_ADDRESS}`],
    ],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    throw new Error(`Cannot make a certificate: ${new TextDecoder().decode(stderr).trim()}`);
  }
}

/** Does `act` for every item, a few at a time. Rejects with the first failure. */
async function inParallel<T>(
  items: readonly T[],
  act: (item: T) => Promise<void>,
): Promise<void> {
  const rest = items.values();
  const worker = async () => {
    for (const item of rest) await act(item);
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
}
