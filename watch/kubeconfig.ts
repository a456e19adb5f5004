import { CORE_SCHEMA, loadAll, YAMLException } from "js-yaml";
import { Fields } from "./fields.ts";

/** Text that is known, or a file that holds it and may be replaced at any time (rotation). */
export type Material = { readonly text: string } | { readonly file: string };

/** How to reach an API server, and as whom. */
export interface ClusterAccess {
  /** The URL of the server, possibly with a path, without a slash at its end. */
  readonly server: string;
  /** Where this was found, for messages: `kubeconfig "/etc/…"`. */
  readonly origin: string;
  /** PEM of the authorities that may sign the server's certificate; absent: those that Deno knows. */
  readonly ca?: Material;
  /** PEM of the client's certificate and key. */
  readonly cert?: Material;
  readonly key?: Material;
  /** A bearer token. */
  readonly token?: Material;
  readonly basic?: { readonly username: string; readonly password: string };
  /** A proxy for all connections. */
  readonly proxy?: string;
  /** Set when the user needs an exec plugin or an auth provider: the configuration for client-node to read. */
  readonly plugin?: { readonly text: string; readonly folder: string };
}

/** What reads the surroundings of the process. */
export interface Surroundings {
  /** Reads a file as UTF-8. */
  readonly readTextFile: (path: string) => Promise<string>;
  /** Returns an environment variable. */
  readonly env: (name: string) => string | undefined;
}

/** Where the access comes from: the values of `--kubeconfig` and `--master`, "" when not given. */
export interface AccessOptions {
  readonly kubeconfig: string;
  readonly master: string;
}

interface NamedEntry {
  name: string;
  cluster: ClusterEntry;
  user: UserEntry;
  context: { cluster: string; user: string };
}

interface ClusterEntry {
  server: string;
  "certificate-authority": string;
  "certificate-authority-data": string;
  "insecure-skip-tls-verify": boolean;
  "tls-server-name": string;
  "proxy-url": string;
}

interface UserEntry {
  "client-certificate": string;
  "client-certificate-data": string;
  "client-key": string;
  "client-key-data": string;
  token: string;
  tokenFile: string;
  username: string;
  password: string;
  exec: object;
  "auth-provider": object;
  as: string;
}

interface Kubeconfig {
  "current-context": string;
  clusters: NamedEntry[];
  users: NamedEntry[];
  contexts: NamedEntry[];
}

/** The folder in which a Pod finds its service account. */
const SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount";

/**
 * Finds the API server: in the kubeconfig if one is given, with `master` in place of its server; in the Pod's
 * environment if neither is given.
 *
 * Rejects with an error that says what is missing or wrong.
 */
export async function findAccess(
  options: AccessOptions,
  surroundings: Surroundings,
): Promise<ClusterAccess> {
  const { kubeconfig, master } = options;
  if (kubeconfig === "" && master === "") return inClusterAccess(surroundings.env);
  if (kubeconfig === "") {
    return { server: serverUrl(master, false), origin: `--master "${master}"` };
  }
  let text: string;
  try {
    text = await surroundings.readTextFile(kubeconfig);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot read kubeconfig "${kubeconfig}": ${detail}`, { cause });
  }
  return parseKubeconfig(text, kubeconfig, master);
}

/**
 * Reads the access that a Pod is given (service account volume and `KUBERNETES_SERVICE_*`). Throws outside a Pod.
 */
export function inClusterAccess(env: Surroundings["env"]): ClusterAccess {
  const host = env("KUBERNETES_SERVICE_HOST") ?? "";
  const port = env("KUBERNETES_SERVICE_PORT") ?? "";
  if (host === "" || port === "") {
    throw new Error(
      "Cannot find the API server: KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set, " +
        "as they are in a Pod: run in a Pod or give --kubeconfig FILE",
    );
  }
  return {
    server: `https://${host.includes(":") ? `[${host}]` : host}:${port}`,
    origin: "the Pod's service account",
    ca: { file: `${SERVICE_ACCOUNT}/ca.crt` },
    token: { file: `${SERVICE_ACCOUNT}/token` },
  };
}

/**
 * Parses a kubeconfig (YAML or JSON) and picks its current context. File names in it are relative to its folder.
 *
 * Throws when it is malformed, when what it refers to is missing, and for what Deno's `fetch` cannot do.
 * No message shows a secret.
 */
export function parseKubeconfig(text: string, path: string, master = ""): ClusterAccess {
  const origin = `kubeconfig "${path}"`;
  const folder = resolve(path.startsWith("/") ? "/" : Deno.cwd(), `${path}/..`);
  const config = Fields.of<Kubeconfig>(parseYaml(text, origin), origin);
  const { cluster, user } = pick(config, origin, master !== "");
  refuseUnsupported(cluster, user, origin);
  const cert = material(user, "client-certificate", folder, origin);
  const key = material(user, "client-key", folder, origin);
  const ca = material(cluster, "certificate-authority", folder, origin);
  const secure = ca !== undefined || cert !== undefined;
  const username = user.text("username");
  const plugged = user.has("exec") || user.has("auth-provider");
  const proxy = cluster.text("proxy-url");
  const token = tokenOf(user, folder);
  return {
    server: serverUrl(master || cluster.requiredText("server"), secure),
    origin,
    ...(ca && { ca }),
    ...(cert && { cert }),
    ...(key && { key }),
    ...(token && { token }),
    ...(username !== "" && { basic: { username, password: user.secret("password") } }),
    ...(proxy !== "" && { proxy }),
    ...(plugged && { plugin: { text, folder } }),
  };
}

/** Parses YAML without ever quoting the text, which holds secrets, in a message. */
function parseYaml(text: string, origin: string): unknown {
  try {
    const [config, ...others] = loadAll(text, { schema: CORE_SCHEMA });
    if (others.length === 0) return config ?? null;
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const { line = 0, column = 0 } = error.mark ?? {};
    // What the library quotes comes behind a sign: a quotation mark, a colon, that of a tag.
    const [reason] = /^(?:[\w ,;-]|'.')+/.exec(error.reason) ?? ["the syntax is wrong"];
    throw new Error(
      `Cannot parse ${origin}: line ${line + 1}, column ${column + 1}: ${reason.trim()}`,
    );
  }
  throw new Error(`Cannot parse ${origin}: it has several documents`);
}

/** Follows the current context. With `--master` a file without contexts will do, as for kube-proxy. */
function pick(config: Fields<Kubeconfig>, origin: string, optional: boolean) {
  const nothing = Fields.of<NamedEntry>({}, origin);
  const find = (list: "clusters" | "users" | "contexts", name: string, wantedBy: string) => {
    const entry = config.objects(list).find((candidate) => candidate.text("name") === name);
    if (entry !== undefined) return entry;
    if (name === "" && (optional || list === "users")) return nothing;
    throw new Error(`Cannot use ${origin}: ${wantedBy} names "${name}", which is not in '${list}'`);
  };
  const current = config.text("current-context");
  const context = find("contexts", current, "'current-context'").object("context");
  return {
    cluster: find("clusters", context.text("cluster"), `context "${current}"`).object("cluster"),
    user: find("users", context.text("user"), `context "${current}"`).object("user"),
  };
}

function refuseUnsupported(
  cluster: Fields<ClusterEntry>,
  user: Fields<UserEntry>,
  origin: string,
): void {
  const refuse = (field: string, advice: string) => {
    throw new Error(`Cannot use ${origin}: '${field}' is not supported: ${advice}`);
  };
  if (cluster.flag("insecure-skip-tls-verify", false)) {
    refuse(
      "insecure-skip-tls-verify",
      "set 'certificate-authority' to the certificate of the cluster's authority instead",
    );
  }
  if (cluster.text("tls-server-name") !== "") {
    refuse("tls-server-name", "put a name that the server's certificate contains into 'server'");
  }
  if (user.text("as") !== "") refuse("as", "use the credentials of that user");
}

/** Reads `<field>-data`, which wins, or the file named by `<field>`. */
function material<T extends ClusterEntry | UserEntry>(
  entry: Fields<T>,
  field: "certificate-authority" | "client-certificate" | "client-key",
  folder: string,
  origin: string,
): Material | undefined {
  const data = entry.secret(`${field}-data` as keyof T & string);
  const file = entry.text(field as keyof T & string);
  if (data === "") return file === "" ? undefined : { file: resolve(folder, file) };
  try {
    return { text: atob(data.replaceAll(/\s/g, "")) };
  } catch {
    throw new Error(`Cannot use ${origin}: '${field}-data' is not base64`);
  }
}

/** Completes a file name that is relative to `folder`, and takes the `.` and `..` out. */
function resolve(folder: string, file: string): string {
  const parts: string[] = [];
  for (const part of (file.startsWith("/") ? file : `${folder}/${file}`).split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

/** `tokenFile` wins over `token`, as in client-go: it is the one that rotates. */
function tokenOf(user: Fields<UserEntry>, folder: string): Material | undefined {
  const file = user.text("tokenFile");
  if (file !== "") return { file: resolve(folder, file) };
  const text = user.secret("token");
  return text === "" ? undefined : { text };
}

/** Completes a server given as `host:port`, and takes the slash from its end. */
function serverUrl(server: string, secure: boolean): string {
  const url = server.includes("://") ? server : `${secure ? "https" : "http"}://${server}`;
  if (!URL.canParse(url) || !/^https?:/.test(url)) {
    throw new Error(`Cannot use API server "${server}": write it as "https://HOST:PORT"`);
  }
  return url.replace(/\/+$/, "");
}
