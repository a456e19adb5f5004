/** A real etcd with a real kube-apiserver, on loopback. */
export interface ApiServer extends AsyncDisposable {
  readonly url: string;
  /** Path of a kubeconfig of an administrator. */
  readonly kubeconfig: string;
  /** Path of a kubeconfig of `system:kube-proxy`, as RBAC's bootstrap policy sets it up. */
  readonly proxyKubeconfig: string;
  readonly adminToken: string;
  /** The folder of its data, certificates and logs. */
  readonly dir: string;
  /** Sends a request as administrator and returns the answer's JSON. Rejects unless it is a success. */
  request(method: string, path: string, body?: unknown): Promise<unknown>;
  /** Kills the API server, not etcd, at once. */
  kill(): Promise<void>;
  /** Starts the API server again; `wipe` empties etcd before. Call {@linkcode ApiServer.kill} first. */
  restart(options?: { readonly wipe?: boolean }): Promise<void>;
  /** Makes etcd forget the history of its data up to now. */
  compact(): Promise<void>;
  /** Ends everything, and removes the folder unless it was given. */
  stop(): Promise<void>;
}

/** How to start. */
export interface ApiServerOptions {
  /** A folder to keep; without it, a temporary one. */
  readonly dir?: string;
  /** The API server's address, which this machine must have. @default {"127.0.0.1"} */
  readonly host?: string;
  /** The API server's port; without it, a free one. */
  readonly port?: number;
  /** More flags for kube-apiserver. */
  readonly args?: readonly string[];
}

const ADMIN_TOKEN = "admin-token";
const PROXY_TOKEN = "proxy-token";

/** The folder with `etcd` and `kube-apiserver`; undefined when the tests are to run without them. */
export function apiServerBinaries(): string | undefined {
  return Deno.env.get("KUBEBUILDER_ASSETS") || undefined;
}

/** Starts both and resolves when the API server is ready (about 3 s). Rejects with the end of its log if it ends. */
export async function startApiServer(options: ApiServerOptions = {}): Promise<ApiServer> {
  const binaries = apiServerBinaries();
  if (binaries === undefined) {
    throw new Error(
      "Cannot start an API server: KUBEBUILDER_ASSETS is not set, set it to its folder",
    );
  }
  const dir = options.dir ?? await Deno.makeTempDir({ prefix: "weir-api-server-" });
  const ports = freePorts(3);
  const server = new RealApiServer({
    binaries,
    dir,
    temporary: options.dir === undefined,
    host: options.host ?? "127.0.0.1",
    port: options.port ?? ports[0]!,
    etcdPort: ports[1]!,
    peerPort: ports[2]!,
    args: options.args ?? [],
  });
  try {
    await server.prepare();
    await server.restart();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

interface Layout {
  readonly binaries: string;
  readonly dir: string;
  readonly temporary: boolean;
  readonly host: string;
  readonly port: number;
  readonly etcdPort: number;
  readonly peerPort: number;
  readonly args: readonly string[];
}

class RealApiServer implements ApiServer {
  readonly adminToken = ADMIN_TOKEN;
  readonly url: string;
  readonly dir: string;
  readonly kubeconfig: string;
  readonly proxyKubeconfig: string;
  readonly #layout: Layout;
  #etcd: Daemon | undefined;
  #apiServer: Daemon | undefined;
  #http: Deno.HttpClient | undefined;

  constructor(layout: Layout) {
    this.#layout = layout;
    this.dir = layout.dir;
    this.url = `https://${layout.host}:${layout.port}`;
    this.kubeconfig = `${layout.dir}/kubeconfig`;
    this.proxyKubeconfig = `${layout.dir}/proxy.kubeconfig`;
  }

  /** Writes everything that the two programs and their clients read. */
  async prepare(): Promise<void> {
    const { dir } = this.#layout;
    await Deno.mkdir(`${dir}/certs`, { recursive: true });
    await Deno.writeTextFile(`${dir}/sa.key`, await serviceAccountKey());
    const tokens = `${ADMIN_TOKEN},admin,1,"system:masters"\n${PROXY_TOKEN},system:kube-proxy,2\n`;
    await Deno.writeTextFile(`${dir}/tokens.csv`, tokens);
    await Deno.writeTextFile(this.kubeconfig, this.#kubeconfigOf(ADMIN_TOKEN));
    await Deno.writeTextFile(this.proxyKubeconfig, this.#kubeconfigOf(PROXY_TOKEN));
  }

  async restart({ wipe = false } = {}): Promise<void> {
    if (wipe) {
      await this.#etcd?.kill();
      this.#etcd = undefined;
      await Deno.remove(`${this.dir}/etcd`, { recursive: true });
    }
    this.#etcd ??= this.#startEtcd();
    this.#apiServer = this.#startApiServer();
    await this.#ready(this.#apiServer);
  }

  async kill(): Promise<void> {
    this.#http?.close();
    this.#http = undefined;
    await this.#apiServer?.kill();
    this.#apiServer = undefined;
  }

  async stop(): Promise<void> {
    await this.kill();
    await this.#etcd?.kill();
    this.#etcd = undefined;
    if (this.#layout.temporary) await Deno.remove(this.dir, { recursive: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async compact(): Promise<void> {
    const kv = `http://127.0.0.1:${this.#layout.etcdPort}/v3/kv`;
    const post = async (verb: string, body: unknown) => {
      const response = await fetch(`${kv}/${verb}`, { method: "POST", body: JSON.stringify(body) });
      return await response.json();
    };
    const { header } = await post("range", { key: btoa("/"), limit: 1 });
    await post("compaction", { revision: header.revision, physical: true });
  }

  async request(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await this.#fetch(method, path, body);
    if (response.ok) return response.json();
    throw new Error(`${method} ${path}: ${response.status} ${await response.text()}`);
  }

  async #fetch(method: string, path: string, body?: unknown): Promise<Response> {
    const client = await this.#client();
    const patch = method === "PATCH" ? "application/merge-patch+json" : "application/json";
    const response = await fetch(this.url + path, {
      client,
      method,
      headers: { authorization: `Bearer ${ADMIN_TOKEN}`, "content-type": patch },
      body: body === undefined ? null : JSON.stringify(body),
    });
    return new Response(await response.arrayBuffer(), response);
  }

  async #client(): Promise<Deno.HttpClient> {
    const caCerts = [await Deno.readTextFile(`${this.dir}/certs/apiserver.crt`)];
    return this.#http ??= Deno.createHttpClient({ caCerts });
  }

  async #ready(daemon: Daemon): Promise<void> {
    for (let attempt = 0; attempt < 600; attempt++) {
      if (daemon.ended) throw new Error(`kube-apiserver has ended:\n${await daemon.logTail()}`);
      const answer = await this.#fetch("GET", "/readyz").catch(() => undefined);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error(`kube-apiserver is not ready after 30 s:\n${await daemon.logTail()}`);
  }

  #startEtcd(): Daemon {
    const { binaries, etcdPort, peerPort } = this.#layout;
    const client = `http://127.0.0.1:${etcdPort}`;
    return new Daemon(`${binaries}/etcd`, [
      `--data-dir=${this.dir}/etcd`,
      `--listen-client-urls=${client}`,
      `--advertise-client-urls=${client}`,
      `--listen-peer-urls=http://127.0.0.1:${peerPort}`,
      "--unsafe-no-fsync",
    ], `${this.dir}/etcd.log`);
  }

  #startApiServer(): Daemon {
    const { binaries, dir, host, port, etcdPort, args } = this.#layout;
    return new Daemon(`${binaries}/kube-apiserver`, [
      `--etcd-servers=http://127.0.0.1:${etcdPort}`,
      `--secure-port=${port}`,
      `--bind-address=${host}`,
      "--advertise-address=192.0.2.10",
      `--cert-dir=${dir}/certs`,
      `--service-account-key-file=${dir}/sa.key`,
      `--service-account-signing-key-file=${dir}/sa.key`,
      "--service-account-issuer=https://kubernetes.default.svc",
      "--service-cluster-ip-range=10.96.0.0/12",
      `--token-auth-file=${dir}/tokens.csv`,
      "--authorization-mode=RBAC",
      "--enable-priority-and-fairness=false",
      "--max-requests-inflight=3000",
      "--max-mutating-requests-inflight=2000",
      ...args,
    ], `${dir}/apiserver.log`);
  }

  #kubeconfigOf(token: string): string {
    const cluster = { server: this.url, "certificate-authority": "certs/apiserver.crt" };
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "test", cluster }],
      users: [{ name: "test", user: { token } }],
      contexts: [{ name: "test", context: { cluster: "test", user: "test" } }],
      "current-context": "test",
    });
  }
}

/** A program that runs until it is killed, with its output in a file. */
class Daemon {
  readonly #child: Deno.ChildProcess;
  readonly #log: string;
  readonly #done: Promise<unknown>;
  #ended = false;

  constructor(command: string, args: readonly string[], log: string) {
    this.#log = log;
    this.#child = new Deno.Command(command, {
      args: [...args],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    const output = Deno.open(log, { create: true, append: true, write: true })
      .then((file) => this.#child.stderr.pipeTo(file.writable));
    const status = this.#child.status.then(() => this.#ended = true);
    this.#done = Promise.all([output, status]);
  }

  get ended(): boolean {
    return this.#ended;
  }

  async kill(): Promise<void> {
    if (!this.#ended) this.#child.kill("SIGKILL");
    await this.#done;
  }

  async logTail(): Promise<string> {
    const text = await Deno.readTextFile(this.#log).catch(() => "");
    return text.trimEnd().split("\n").slice(-5).join("\n");
  }
}

/** Finds ports that nobody listens on. */
function freePorts(count: number): number[] {
  const listeners = Array.from(
    { length: count },
    () => Deno.listen({ hostname: "127.0.0.1", port: 0 }),
  );
  return listeners.map((listener) => {
    listener.close();
    return listener.addr.port;
  });
}

/** A new RSA key in PEM (PKCS #8), for service account tokens. */
async function serviceAccountKey(): Promise<string> {
  const { privateKey } = await crypto.subtle.generateKey(
    {
      name: "RSASSA-PKCS1-v1_5",
      modulusLength: 2048,
      publicExponent: new Uint8Array([1, 0, 1]),
      hash: "SHA-256",
    },
    true,
    ["sign", "verify"],
  );
  const der = new Uint8Array(await crypto.subtle.exportKey("pkcs8", privateKey));
  const base64 = btoa(String.fromCharCode(...der)).match(/.{1,64}/g)!.join("\n");
  return `-----BEGIN PRIVATE KEY-----\n${base64}\n-----END PRIVATE KEY-----\n`;
}
