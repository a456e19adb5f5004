import assert from "node:assert/strict";
import { type ApiServer, apiServerBinaries, startApiServer } from "../support/api_server.ts";
import { createNode, offer } from "../support/cluster_objects.ts";
import { BAD_OBJECTS, FaultyApi } from "../support/faulty_api.ts";
import { flushRules, IN_NAMESPACE, nft } from "../support/kernel.ts";
import { writeConfig } from "../support/proxy_config.ts";
import { WeirProcess } from "../support/weir_process.ts";

const ignore = apiServerBinaries() === undefined || !IN_NAMESPACE;
const LEFT_OUT = ignore ? " (left out: KUBEBUILDER_ASSETS is not set)" : "";

/** Megabytes that weir may have, whatever it is sent: two objects of the largest size, and what it needs anyway. */
const MOST_MEMORY = 400;

/** weir, a real API server, and what can go wrong between them. It begins with Service `web` and one endpoint. */
class Stage implements AsyncDisposable {
  readonly server: ApiServer;
  readonly api: FaultyApi;
  readonly weir: WeirProcess;
  readonly #ports: Ports;

  private constructor(server: ApiServer, api: FaultyApi, weir: WeirProcess, ports: Ports) {
    this.server = server;
    this.api = api;
    this.weir = weir;
    this.#ports = ports;
  }

  /** Starts everything, the last of it weir, after what `prepare` does. Resolves when it has synced. */
  static async create(prepare?: (api: FaultyApi) => void): Promise<Stage> {
    await flushRules();
    const server = await startApiServer();
    const api = await FaultyApi.create(server);
    await createNode(server, "node-1");
    await offer(server, "web", "10.96.0.10", ["10.244.1.5"]);
    await Deno.writeTextFile(`${server.dir}/token`, api.token);
    prepare?.(api);
    const ports = { health: freePort(), metrics: freePort() };
    const weir = new WeirProcess(["--config", await configure(server, api, ports)]);
    const stage = new Stage(server, api, weir, ports);
    try {
      await weir.logged(/Synced family=IPv4/);
      return stage;
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Creates a Service behind weir's back. */
  async offer(name: string, clusterIP: string, endpoint: string): Promise<void> {
    await offer(this.server, name, clusterIP, [endpoint]);
  }

  /** Waits until the kernel sends connections to `clusterIP` to `endpoint`. */
  async sees(clusterIP: string, endpoint: string): Promise<void> {
    const element = `${clusterIP} . 80 . 0 : ${endpoint} . 8080`;
    await this.weir.until(async () => (await endpoints()).includes(element), element);
  }

  /** Resolves when weir has complained about the API server, later than the first `logged` characters of its log. */
  async complainedSince(logged: number): Promise<void> {
    const complains = () => /WARN +watch/.test(this.weir.log.slice(logged));
    await this.weir.until(() => Promise.resolve(complains()), "a complaint");
  }

  /** The status of a path of the health server. */
  async health(path: string): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.#ports.health}${path}`);
    await response.body?.cancel();
    return response.status;
  }

  /** The sum of a metric over its labels. */
  async metric(name: string): Promise<number> {
    const response = await fetch(`http://127.0.0.1:${this.#ports.metrics}/metrics`);
    const lines = (await response.text()).split("\n");
    const values = lines.filter((line) =>
      line.startsWith(`${name}{`) || line.startsWith(`${name} `)
    )
      .map((line) => Number(line.split(" ").at(-1)));
    return values.reduce((sum, value) => sum + value, 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.weir[Symbol.asyncDispose]();
    await this.api[Symbol.asyncDispose]();
    await this.server.stop();
  }
}

interface Ports {
  readonly health: number;
  readonly metrics: number;
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** Writes a configuration whose credentials are a token in a file, and that asks for the whole log. */
async function configure(server: ApiServer, api: FaultyApi, ports: Ports): Promise<string> {
  const { dir } = server;
  await Deno.writeTextFile(
    `${dir}/faulty.kubeconfig`,
    JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "weir", cluster: { server: api.url } }],
      users: [{ name: "weir", user: { tokenFile: `${dir}/token` } }],
      contexts: [{ name: "weir", context: { cluster: "weir", user: "weir" } }],
      "current-context": "weir",
    }),
  );
  return await writeConfig(server, {
    hostnameOverride: "node-1",
    clusterCIDR: "10.244.0.0/16",
    clientConnection: { kubeconfig: `${dir}/faulty.kubeconfig` },
    healthzBindAddress: `127.0.0.1:${ports.health}`,
    metricsBindAddress: `127.0.0.1:${ports.metrics}`,
    nftables: { minSyncPeriod: "0s" },
    logging: { verbosity: 10 },
  });
}

async function endpoints(): Promise<string> {
  return (await nft("list", "map", "ip", "weir", "tcp-endpoints")).replace(/\s+/g, " ");
}

for (const fault of ["unavailable", "slow"] as const) {
  Deno.test({
    name:
      `An API server that is ${fault} changes nothing, and what it hid comes after it${LEFT_OUT}`,
    ignore,
    async fn() {
      await using stage = await Stage.create();
      const before = await nft("list", "table", "ip", "weir");
      stage.api.set(fault);
      if (fault === "unavailable") await stage.complainedSince(0);
      assert.equal(await nft("list", "table", "ip", "weir"), before);
      assert.equal(await stage.health("/healthz"), 200, "nothing waits for the kernel");
      await stage.offer("new", "10.96.0.20", "10.244.1.9");
      if (fault === "unavailable") stage.api.set(undefined);
      await stage.sees("10.96.0.20", "10.244.1.9");
      await stage.sees("10.96.0.10", "10.244.1.5");
      assert.equal(await stage.health("/readyz"), 200);
    },
  });
}

for (const garbage of ["bytes", "lines", "one line"] as const) {
  Deno.test({
    name: `100 MB of garbage leave the rules and the memory as they are: ${garbage}${LEFT_OUT}`,
    ignore,
    async fn() {
      await using stage = await Stage.create();
      const before = await nft("list", "table", "ip", "weir");
      stage.api.garbage = garbage;
      stage.api.set("garbage");
      await stage.weir.until(() => Promise.resolve(stage.api.taken > 0), "a request");
      await stage.complainedSince(stage.weir.log.length);
      const resident = await stage.metric("process_resident_memory_bytes") / 1e6;
      assert.ok(resident < MOST_MEMORY, `${resident} MB`);
      assert.equal(await nft("list", "table", "ip", "weir"), before);
      assert.equal(await stage.health("/healthz"), 200, "nothing waits for the kernel");
      stage.api.set(undefined);
      await stage.offer("new", "10.96.0.20", "10.244.1.9");
      await stage.sees("10.96.0.20", "10.244.1.9");
      await stage.sees("10.96.0.10", "10.244.1.5");
      assert.equal(await stage.health("/readyz"), 200);
    },
  });
}

Deno.test({
  name: `Thousands of bad objects do not keep the good ones among them from being used${LEFT_OUT}`,
  ignore,
  async fn() {
    await using stage = await Stage.create((api) => api.set("bad objects"));
    await stage.sees("10.96.0.10", "10.244.1.5");
    assert.ok(await stage.metric("weir_skipped_objects_total") >= 2 * BAD_OBJECTS);
    await stage.offer("new", "10.96.0.20", "10.244.1.9");
    await stage.sees("10.96.0.20", "10.244.1.9");
    assert.equal(await stage.health("/healthz"), 200);
    assert.equal(await stage.health("/readyz"), 200);
    assert.doesNotMatch(await nft("list", "table", "ip", "weir"), /10\.96\.9\.9/);
    stage.api.set(undefined);
    await stage.offer("later", "10.96.0.21", "10.244.1.9");
    await stage.sees("10.96.0.21", "10.244.1.9");
  },
});

Deno.test({
  name: `A token that is rotated is taken up, and none is ever in the log${LEFT_OUT}`,
  ignore,
  async fn() {
    await using stage = await Stage.create();
    const tokens = [stage.api.token, "second-token", "third-token"];
    for (const [index, token] of tokens.slice(1).entries()) {
      stage.api.token = token;
      stage.api.set("unavailable");
      stage.api.set(undefined);
      const { refused } = stage.api;
      await stage.weir.until(() => Promise.resolve(stage.api.refused > refused), "a refusal");
      await stage.offer(`new-${index}`, `10.96.0.${20 + index}`, "10.244.1.9");
      await stage.sees("10.96.0.10", "10.244.1.5");
      await Deno.writeTextFile(`${stage.server.dir}/token`, `${token}\n`);
      await stage.sees(`10.96.0.${20 + index}`, "10.244.1.9");
    }
    assert.equal(await stage.weir.end(), 0);
    assert.match(stage.weir.log, /TRACE|DEBUG/, "it says all that it has to say");
    for (const token of tokens) assert.ok(!stage.weir.log.includes(token), token);
  },
});

Deno.test({
  name: "Neither a key nor a certificate that cannot be used gets into the log",
  ignore: !IN_NAMESPACE,
  async fn() {
    const dir = await Deno.makeTempDir({ prefix: "weir-keys-" });
    try {
      const pem = (what: string, secret: string) =>
        btoa(`-----BEGIN ${what}-----\n${btoa(secret.repeat(20))}\n-----END ${what}-----\n`);
      const user = {
        "client-certificate-data": pem("CERTIFICATE", "a certificate"),
        "client-key-data": pem("PRIVATE KEY", "a private key"),
      };
      await Deno.writeTextFile(
        `${dir}/kubeconfig`,
        JSON.stringify({
          clusters: [{ name: "weir", cluster: { server: "https://127.0.0.1:1" } }],
          users: [{ name: "weir", user }],
          contexts: [{ name: "weir", context: { cluster: "weir", user: "weir" } }],
          "current-context": "weir",
        }),
      );
      const flags = ["--proxy-mode=nftables", "--hostname-override=node-1", "-v=10"];
      await using weir = new WeirProcess([`--kubeconfig=${dir}/kubeconfig`, ...flags]);
      await weir.logged(/WARN|ERROR/);
      await weir.end();
      for (const data of Object.values(user)) {
        assert.ok(!weir.log.includes(data));
        assert.ok(!weir.log.includes(atob(data).split("\n")[1]!));
      }
    } finally {
      await Deno.remove(dir, { recursive: true });
    }
  },
});
