import assert from "node:assert/strict";
import { findAccess, inClusterAccess, parseKubeconfig } from "../../watch/kubeconfig.ts";

const PATH = "/etc/weir/kubeconfig.yaml";
const SERVER = "https://10.0.0.1:6443";

function kubeconfig(cluster: object, user: object = {}): string {
  return JSON.stringify({
    clusters: [{ name: "other", cluster: {} }, {
      name: "c",
      cluster: { server: SERVER, ...cluster },
    }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  });
}

const origin = `kubeconfig "${PATH}"`;
const ACCESSES = [
  { name: "nothing but a server", cluster: {}, user: {}, want: {} },
  {
    name: "a path behind the server, without its last slash",
    cluster: { server: "https://rancher/k8s/clusters/c-1/" },
    user: {},
    want: { server: "https://rancher/k8s/clusters/c-1" },
  },
  {
    name: "files, relative to its folder",
    cluster: { "certificate-authority": "pki/ca.crt" },
    user: { "client-certificate": "/abs/c.crt", "client-key": "../c.key", tokenFile: "token" },
    want: {
      ca: { file: "/etc/weir/pki/ca.crt" },
      cert: { file: "/abs/c.crt" },
      key: { file: "/etc/c.key" },
      token: { file: "/etc/weir/token" },
    },
  },
  {
    name: "data, which wins over files",
    cluster: { "certificate-authority": "ca.crt", "certificate-authority-data": btoa("CA") },
    user: { "client-certificate-data": btoa("CERT"), "client-key-data": btoa("KEY") },
    want: { ca: { text: "CA" }, cert: { text: "CERT" }, key: { text: "KEY" } },
  },
  { name: "a token", cluster: {}, user: { token: "t" }, want: { token: { text: "t" } } },
  {
    name: "a token file, which wins over a token",
    cluster: {},
    user: { token: "t", tokenFile: "/t" },
    want: { token: { file: "/t" } },
  },
  {
    name: "a name and a password",
    cluster: {},
    user: { username: "u", password: "p" },
    want: { basic: { username: "u", password: "p" } },
  },
  {
    name: "a proxy",
    cluster: { "proxy-url": "socks5://proxy:1080" },
    user: {},
    want: { proxy: "socks5://proxy:1080" },
  },
];
for (const { name, cluster, user, want } of ACCESSES) {
  Deno.test(`parseKubeconfig() reads ${name}`, () => {
    const access = parseKubeconfig(kubeconfig(cluster, user), PATH);
    assert.deepEqual(access, { server: SERVER, origin, ...want });
  });
}

Deno.test("parseKubeconfig() completes names of files from where the process is", () => {
  const text = kubeconfig({ "certificate-authority": "./pki/../ca.crt" });
  const { ca } = parseKubeconfig(text, "conf//kubeconfig.yaml");
  assert.deepEqual(ca, { file: `${Deno.cwd()}/conf/ca.crt` });
});

Deno.test("parseKubeconfig() leaves exec plugins and auth providers to client-node", () => {
  for (const user of [{ exec: { command: "x" } }, { "auth-provider": { name: "oidc" } }]) {
    const text = kubeconfig({}, user);
    assert.deepEqual(parseKubeconfig(text, PATH).plugin, { text, folder: "/etc/weir" });
  }
});

Deno.test("parseKubeconfig() puts --master in place of the server", () => {
  const text = kubeconfig({ "certificate-authority": "ca.crt" });
  assert.equal(parseKubeconfig(text, PATH, "10.9.9.9:443").server, "https://10.9.9.9:443");
  assert.equal(parseKubeconfig(kubeconfig({}), PATH, "http://h:1/").server, "http://h:1");
  assert.equal(parseKubeconfig("{}", PATH, "localhost:8080").server, "http://localhost:8080");
});

const WRONG = [
  { name: "YAML", text: "a: [\nb: c", want: /Cannot parse kubeconfig ".*": line 2, column/ },
  { name: "the type", text: "- 1", want: /kubeconfig ".*": it must be an object/ },
  {
    name: "no context",
    text: "{}",
    want: /'current-context' names "", which is not in 'contexts'/,
  },
  {
    name: "no such cluster",
    text: '{"current-context": "x", "contexts": [{"name": "x", "context": {"cluster": "c"}}]}',
    want: /context "x" names "c", which is not in 'clusters'/,
  },
  { name: "no server", text: kubeconfig({ server: "" }), want: /'clusters\[1\]\.cluster\.server'/ },
  {
    name: "the server",
    text: kubeconfig({ server: "ftp://h" }),
    want: /Cannot use API server "ftp/,
  },
  {
    name: "a check that is switched off",
    text: kubeconfig({ "insecure-skip-tls-verify": true }),
    want: /'insecure-skip-tls-verify' is not supported: set 'certificate-authority'/,
  },
  {
    name: "a TLS name",
    text: kubeconfig({ "tls-server-name": "n" }),
    want: /'tls-server-name' is not/,
  },
  { name: "impersonation", text: kubeconfig({}, { as: "root" }), want: /'as' is not supported/ },
  {
    name: "base64",
    text: kubeconfig({}, { "client-key-data": "%SECRET" }),
    want: /'client-key-data' is not base64$/,
  },
  {
    name: "a token",
    text: kubeconfig({}, { token: ["SECRET"] }),
    want: /'users\[0\]\.user\.token' must be a string: current value is "\(hidden\)"/,
  },
  {
    name: "YAML near a token",
    text: "token: SECRET\ntoken: SECRET2",
    want: /line 2, column 1: duplicated mapping key$/,
  },
  { name: "a password like an alias", text: "password: *SECRET", want: /column 12: unidentified/ },
  {
    name: "a password like a tag",
    text: "password: !SECRET",
    want: /column 11: unknown scalar tag$/,
  },
  { name: "a second document", text: "{}\n---\n{}", want: /it has several documents$/ },
  { name: "an empty file", text: "", want: /it must be an object: current value is "null"/ },
];
for (const { name, text, want } of WRONG) {
  Deno.test(`parseKubeconfig() says what is wrong without a secret: ${name}`, () => {
    assert.throws(() => parseKubeconfig(text, PATH), (error) => {
      assert.match((error as Error).message, want);
      assert.doesNotMatch((error as Error).message, /SECRET/);
      return true;
    });
  });
}

function surroundings(variables: Record<string, string>, files: Record<string, string> = {}) {
  return {
    env: (name: string) => variables[name],
    readTextFile: (path: string) => {
      const text = files[path];
      return text === undefined ? Promise.reject(new Error("no such file")) : Promise.resolve(text);
    },
  };
}

Deno.test("findAccess() finds the API server of its Pod when neither a kubeconfig nor a master is given", async () => {
  const world = surroundings({
    KUBERNETES_SERVICE_HOST: "fd00::1",
    KUBERNETES_SERVICE_PORT: "443",
  });
  const folder = "/var/run/secrets/kubernetes.io/serviceaccount";
  assert.deepEqual(await findAccess({ kubeconfig: "", master: "" }, world), {
    server: "https://[fd00::1]:443",
    origin: "the Pod's service account",
    ca: { file: `${folder}/ca.crt` },
    token: { file: `${folder}/token` },
  });
});

Deno.test("inClusterAccess() says what to do outside a Pod", () => {
  assert.throws(() => inClusterAccess(() => undefined), /run in a Pod or give --kubeconfig FILE/);
});

Deno.test("findAccess() needs no kubeconfig when a master is given", async () => {
  const access = await findAccess({ kubeconfig: "", master: "localhost:8080" }, surroundings({}));
  assert.equal(access.server, "http://localhost:8080");
});

Deno.test("findAccess() reads the kubeconfig, and says which file it cannot read", async () => {
  const world = surroundings({}, { [PATH]: kubeconfig({}) });
  const access = await findAccess({ kubeconfig: PATH, master: "" }, world);
  assert.equal(access.server, SERVER);
  const missing = findAccess({ kubeconfig: "/none", master: "" }, world);
  await assert.rejects(missing, /Cannot read kubeconfig "\/none": no such file/);
});
