import assert from "node:assert/strict";
import {
  type Flow,
  Lab,
  type Namespace,
  type Outcome,
  type Transport,
} from "../../cli/demo/lab.ts";
import { FAMILIES } from "../../model/family.ts";
import { type ApiServer, apiServerBinaries, startApiServer } from "../support/api_server.ts";
import { createNode, createService, createSlice } from "../support/cluster_objects.ts";
import { IN_NAMESPACE } from "../support/kernel.ts";
import { runProcess } from "../../backends/process.ts";
import { writeConfig } from "../support/proxy_config.ts";
import { WeirProcess } from "../support/weir_process.ts";

const ignore = apiServerBinaries() === undefined || !IN_NAMESPACE;
const LEFT_OUT = ignore ? " (left out: KUBEBUILDER_ASSETS is not set)" : "";

/** The API server's address for the node, and the node's own on the link to it. */
const API_ADDRESS = "198.51.100.1";
const NODE_LINK_ADDRESS = "198.51.100.2";

const NODE = ["192.0.2.10", "2001:db8::10"] as const;
const PODS = {
  "pod-a": ["10.244.1.5", "fd00:244::1:5"],
  "pod-b": ["10.244.1.6", "fd00:244::1:6"],
} as const;
const CLUSTER_IPS = ["10.96.0.10", "fd00:96::10"] as const;
const NODE_PORT = 30080;
const PROTOCOLS = ["TCP", "UDP"] as const;

/** A way to the Service. */
interface Way {
  readonly from: "client" | "pod";
  readonly address: string;
  readonly port: number;
  readonly protocol: Transport;
}

/** The client comes by both cluster IPs and both node ports, a pod by the cluster IPs. */
const WAYS: readonly Way[] = PROTOCOLS.flatMap((protocol) => [
  ...CLUSTER_IPS.flatMap((address) =>
    (["client", "pod"] as const).map((from) => ({ from, address, port: 80, protocol }))
  ),
  ...NODE.map((address) => ({ from: "client", address, port: NODE_PORT, protocol }) as const),
]);

/** A node whose service proxy is changed while a client and a pod use a Service. */
class World implements AsyncDisposable {
  readonly #server: ApiServer;
  readonly #lab: Lab;
  readonly client: Namespace;
  readonly pod: Namespace;

  private constructor(
    server: ApiServer,
    lab: Lab,
    { client, pod }: { client: Namespace; pod: Namespace },
  ) {
    this.#server = server;
    this.#lab = lab;
    this.client = client;
    this.pod = pod;
  }

  static async create(): Promise<World> {
    await here(`address replace ${API_ADDRESS}/32 dev lo`);
    const server = await startApiServer({
      host: API_ADDRESS,
      args: ["--service-cluster-ip-range=10.96.0.0/12,fd00:96::/108"],
    });
    const lab = await Lab.create({ addresses: [...NODE] }).catch(async (error) => {
      await server.stop();
      throw error;
    });
    try {
      await linkToApiServer(lab.node);
      const pods = await Promise.all(
        Object.entries(PODS).map(([name, addresses]) =>
          lab.addPod({ name, addresses: [...addresses] })
        ),
      );
      await Promise.all(
        pods.flatMap((pod) => PROTOCOLS.map((protocol) => pod.serve(8080, { protocol }))),
      );
      const client = await lab.addClient({
        name: "client",
        addresses: ["192.0.2.100", "2001:db8::100"],
      });
      await createObjects(server);
      return new World(server, lab, { client, pod: pods[0]! });
    } catch (error) {
      await lab.close();
      await server.stop();
      throw error;
    }
  }

  get node(): Namespace {
    return this.#lab.node;
  }

  /** Writes the one configuration file that both proxies read. */
  async writeConfig(mode: string): Promise<string> {
    return await writeConfig(this.#server, {
      mode,
      hostnameOverride: "node-a",
      clusterCIDR: "10.244.0.0/16,fd00:244::/48",
      nodePortAddresses: ["primary"],
      // The network namespaces of a container may not have these sysctls.
      conntrack: { maxPerCore: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    });
  }

  /** Starts the real kube-proxy and returns it when it has rules for the Service in both families. */
  async startKubeProxy(config: string): Promise<Deno.ChildProcess> {
    const program = `${apiServerBinaries()}/kube-proxy`;
    const streams = { stdin: "null", stdout: "null", stderr: "null" } as const;
    const child = this.node.spawn(program, ["--config", config], streams);
    const end = performance.now() + 60_000;
    const knows = async () => {
      const rules = await kubeProxyTables(this.node);
      return CLUSTER_IPS.every((address) => rules.includes(address));
    };
    while (!await knows()) assert.ok(performance.now() < end, "kube-proxy does not serve");
    return child;
  }

  /** Opens a connection, or a flow of datagrams, on every way. */
  async openFlows(): Promise<readonly Flow[]> {
    return await Promise.all(
      WAYS.map(({ from, address, port, protocol }) => this[from].open(address, port, { protocol })),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#lab.close();
    await this.#server.stop();
    await here(`address delete ${API_ADDRESS}/32 dev lo`);
  }
}

/** New connections and datagrams on every way without a pause, until told to stop. */
class Traffic {
  readonly #outcomes: Outcome[] = [];
  #going = true;
  readonly #running: Promise<unknown>;

  constructor(world: World) {
    this.#running = Promise.all(WAYS.map((way) => this.#connect(world[way.from], way)));
  }

  get count(): number {
    return this.#outcomes.length;
  }

  /** Stops, and asserts that every connection was answered. */
  async end(): Promise<void> {
    this.#going = false;
    await this.#running;
    const failed = this.#outcomes.filter(({ result }) => result !== "answered");
    assert.deepEqual(failed, [], `${failed.length} of ${this.count} connections failed`);
  }

  // A packet that is lost is sent again after a second, a datagram never: that would be too late.
  async #connect(from: Namespace, { address, port, protocol }: Way): Promise<void> {
    while (this.#going) {
      const options = { protocol, timeoutMs: 900 };
      this.#outcomes.push(...await from.connectMany(address, port, 10, options));
    }
  }
}

/** Joins the node with this process's namespace, where the API server is. */
async function linkToApiServer(node: Namespace): Promise<void> {
  await here(
    `link add name api-node type veth peer name api netns ${node.pid}`,
    "link set dev api-node addrgenmode none up",
    `route add ${NODE_LINK_ADDRESS}/32 dev api-node src ${API_ADDRESS}`,
  );
  await node.output("ip", ["-batch", "-"], {
    stdin: [
      "link set dev api addrgenmode none up\n",
      `address add ${NODE_LINK_ADDRESS}/32 dev api\n`,
      `route add ${API_ADDRESS}/32 dev api src ${NODE_LINK_ADDRESS}\n`,
    ],
  });
}

/** Runs lines of `ip -batch` in this process's namespace. */
async function here(...lines: readonly string[]): Promise<void> {
  const stdin = lines.map((line) => `${line}\n`);
  const result = await runProcess("ip", ["-batch", "-"], { timeoutMs: 30_000, stdin });
  assert.equal(result.code, 0, result.stderr);
}

/** Creates the Node, and a Service with a cluster IP and a node port in both families. */
async function createObjects(server: ApiServer): Promise<void> {
  await createNode(server, "node-a", NODE);
  await createService(server, "web", {
    type: "NodePort",
    clusterIP: CLUSTER_IPS[0],
    clusterIPs: CLUSTER_IPS,
    ipFamilyPolicy: "RequireDualStack",
    ports: PROTOCOLS.map((protocol) => ({
      name: protocol.toLowerCase(),
      port: 80,
      protocol,
      nodePort: NODE_PORT,
    })),
  });
  for (const [index, addressType] of FAMILIES.entries()) {
    const endpoints = Object.values(PODS).map((addresses) => ({
      addresses: [addresses[index]],
      nodeName: "node-a",
    }));
    await createSlice(server, "web", endpoints, {
      name: `web-${addressType.toLowerCase()}`,
      addressType,
      ports: PROTOCOLS.map((protocol) => ({ name: protocol.toLowerCase(), port: 8080, protocol })),
    });
  }
}

/** All rules of a node but weir's. */
async function kubeProxyTables(node: Namespace): Promise<string> {
  const tables = (await node.output("nft", ["list", "ruleset"])).split(/^(?=table )/m);
  return tables.filter((table) => !/^table ip6? weir /.test(table)).join("");
}

/** What of kube-proxy's rules is on a node. `KUBE-FIREWALL` is the kubelet's too, and stays. */
async function kubeProxyRules(node: Namespace): Promise<readonly string[]> {
  const listing = await node.output("nft", ["list", "ruleset"]);
  const chains = [...listing.matchAll(/chain (KUBE-\S+) \{/g)].map(([, chain]) => chain!);
  const tables = [...listing.matchAll(/table (\S+ kube-proxy) \{/g)].map(([, table]) => table!);
  return [...tables, ...chains.filter((chain) => chain !== "KUBE-FIREWALL")];
}

async function isInstalled(program: string): Promise<boolean> {
  try {
    await runProcess(program, ["--version"], { timeoutMs: 10_000 });
    return true;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

/** Starts weir on the node and returns it when both families are in sync. */
async function startWeir({ node }: World, config: string): Promise<WeirProcess> {
  const weir = new WeirProcess(["--config", config], node);
  for (const family of FAMILIES) await weir.logged(`Synced family=${family}`);
  return weir;
}

/** Ends weir, with time to say goodbye or without, and starts it anew while traffic goes on. */
async function restartWeir(
  world: World,
  { config, weir, traffic }: { config: string; weir: WeirProcess; traffic: Traffic },
  signal: Deno.Signal,
): Promise<WeirProcess> {
  const code = await weir.end(signal);
  if (signal === "SIGTERM") assert.equal(code, 0);
  const before = traffic.count;
  const next = await startWeir(world, config);
  await next.until(() => Promise.resolve(traffic.count > before + 50), "traffic at the restart");
  assert.doesNotMatch(next.log, /ERROR|Took over/);
  return next;
}

for (const mode of ["nftables", "iptables"]) {
  Deno.test({
    name:
      `Taking over from kube-proxy in ${mode} mode, restarts, and going back fail no connection${LEFT_OUT}`,
    ignore: ignore || (mode === "iptables" && !await isInstalled("iptables-save")),
    async fn() {
      await using world = await World.create();
      const { node } = world;
      const config = await world.writeConfig(mode);
      const kubeProxy = await world.startKubeProxy(config);
      assert.ok((await kubeProxyRules(node)).length > 0);
      const flows = await world.openFlows();
      for (const { first } of flows) assert.equal(first.result, "answered");

      const traffic = new Traffic(world);
      kubeProxy.kill("SIGTERM");
      await kubeProxy.status;
      const before = traffic.count;
      let weir = await startWeir(world, config);
      try {
        await weir.until(async () => (await kubeProxyRules(node)).length === 0, "the takeover");
        const after = traffic.count;
        await weir.until(() => Promise.resolve(traffic.count > after + 100), "more traffic");
        assert.ok(after - before > 20, `only ${after - before} connections during the takeover`);
        await goOn(flows);
        const tookOver = weir.log.match(/Took over from kube-proxy/g)?.length ?? 0;
        assert.equal(tookOver, mode === "nftables" ? 2 : 0, weir.log);
        assert.doesNotMatch(weir.log, /ERROR|still be there/);
        for (const signal of ["SIGTERM", "SIGKILL"] as const) {
          weir = await restartWeir(world, { config, weir, traffic }, signal);
          await goOn(flows);
        }
        assert.equal(await weir.end(), 0);
        await goBack(world, config, traffic);
        await goOn(flows);
        await traffic.end();
        await goOn(flows);
        await using cleanup = new WeirProcess(["--cleanup"], node);
        assert.equal(await cleanup.ended(), 0, cleanup.log);
        assert.deepEqual(await kubeProxyRules(node), []);
        assert.doesNotMatch(await node.output("nft", ["list", "tables"]), /weir|kube-proxy/);
      } finally {
        await weir[Symbol.asyncDispose]();
      }
    },
  });
}

/** Has kube-proxy follow weir, which has ended, and then takes weir's rules away. */
async function goBack(world: World, config: string, traffic: Traffic): Promise<void> {
  const { node } = world;
  const kubeProxy = await world.startKubeProxy(config);
  await using cleanup = new WeirProcess(["--cleanup-weir-only"], node);
  assert.equal(await cleanup.ended(), 0, cleanup.log);
  const after = traffic.count;
  while (traffic.count < after + 100) await new Promise((resolve) => setTimeout(resolve, 10));
  assert.doesNotMatch(await node.output("nft", ["list", "tables"]), /weir/);
  kubeProxy.kill("SIGTERM");
  await kubeProxy.status;
}

/** Asserts that data still flows on open connections, to the same servers. */
async function goOn(flows: readonly Flow[]): Promise<void> {
  for (const flow of flows) {
    assert.deepEqual(await flow.ask(), flow.first, "the open connection goes on");
  }
}
