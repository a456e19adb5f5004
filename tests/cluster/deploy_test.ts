import assert from "node:assert/strict";
import { parse } from "yaml";
import { runProcess } from "../../backends/process.ts";
import { type ApiServer, apiServerBinaries, startApiServer } from "../support/api_server.ts";
import { flushRules, IN_NAMESPACE, nft } from "../support/kernel.ts";
import { projectPath, WeirProcess } from "../support/weir_process.ts";

const ignore = apiServerBinaries() === undefined || !IN_NAMESPACE;
const LEFT_OUT = ignore ? " (left out: KUBEBUILDER_ASSETS is not set)" : "";

const ACCOUNT = "system:serviceaccount:kube-system:weir";
const RBAC = "/apis/rbac.authorization.k8s.io/v1";
const EVENTS = "/apis/events.k8s.io/v1/namespaces/default/events";

/** A rule of a ClusterRole. */
interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

interface ClusterRole {
  readonly rules: readonly Rule[];
}

/** Runs kubectl as administrator and returns what it prints. Throws when it complains, be it a warning. */
async function kubectl(server: ApiServer, ...args: readonly string[]): Promise<string> {
  const access = [`--kubeconfig=${server.kubeconfig}`, `--cache-dir=${server.dir}/kubectl`];
  const result = await runProcess(`${apiServerBinaries()}/kubectl`, [...access, ...args], {
    timeoutMs: 60_000,
  });
  const complaint = result.stderr.trim();
  assert.ok(result.code === 0 && complaint === "", `kubectl ${args.join(" ")}: ${complaint}`);
  return result.stdout;
}

/** Creates the account and its rights, as `kubectl apply` does. */
async function applyRights(server: ApiServer): Promise<void> {
  for (const file of ["service_account", "rbac"]) {
    const path = projectPath(`deploy/base/${file}.yaml`);
    await kubectl(server, "apply", "--namespace=kube-system", "--filename", path);
  }
}

/** Starts weir with the configuration in deploy/ and a token of its account. */
async function startWeir(server: ApiServer): Promise<WeirProcess> {
  const { dir, url } = server;
  const token = await kubectl(server, "create", "token", "weir", "--namespace=kube-system");
  await Deno.writeTextFile(`${dir}/token`, token);
  const kubeconfig = {
    "current-context": "weir",
    clusters: [{
      name: "weir",
      cluster: { server: url, "certificate-authority": "certs/apiserver.crt" },
    }],
    users: [{ name: "weir", user: { tokenFile: "token" } }],
    contexts: [{ name: "weir", context: { cluster: "weir", user: "weir" } }],
  };
  await Deno.writeTextFile(`${dir}/weir.kubeconfig`, JSON.stringify(kubeconfig));
  const config = {
    ...parse(await Deno.readTextFile(projectPath("deploy/config.yaml"))),
    clientConnection: { kubeconfig: `${dir}/weir.kubeconfig` },
  };
  await Deno.writeTextFile(`${dir}/config.yaml`, JSON.stringify(config));
  return new WeirProcess(["--config", `${dir}/config.yaml`, "--hostname-override", "node-1"]);
}

async function createObjects(server: ApiServer): Promise<void> {
  await server.request("POST", "/api/v1/nodes", {
    metadata: { name: "node-1" },
    status: { addresses: [{ type: "InternalIP", address: "192.0.2.10" }] },
  });
  await server.request("POST", "/api/v1/namespaces/default/services", {
    metadata: { name: "web" },
    spec: { clusterIP: "10.96.0.10", ports: [{ port: 80 }] },
  });
  await server.request("POST", "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices", {
    metadata: { name: "web-a", labels: { "kubernetes.io/service-name": "web" } },
    addressType: "IPv4",
    ports: [{ name: "", port: 8080, protocol: "TCP" }],
    endpoints: [{ addresses: ["10.244.1.5"] }],
  });
}

/** Tells which Events weir has written about Nodes. */
async function eventReasons(server: ApiServer): Promise<readonly string[]> {
  const { items } = await server.request("GET", EVENTS) as {
    items: readonly { reason: string; reportingController: string }[];
  };
  return items.filter(({ reportingController }) => reportingController === "kube-proxy")
    .map(({ reason }) => reason);
}

/** What rules allow, each as `verb resource.group`. */
function grants(rules: readonly Rule[]): readonly string[] {
  return rules.flatMap(({ apiGroups, resources, verbs }) =>
    apiGroups.flatMap((group) =>
      resources.flatMap((resource) => verbs.map((verb) => `${verb} ${resource}.${group}`))
    )
  );
}

Deno.test({
  name: `A real API server takes every manifest in deploy/ without a warning${LEFT_OUT}`,
  ignore,
  async fn() {
    await using server = await startApiServer({ args: ["--allow-privileged"] });
    const sysctls = `${server.dir}/sysctls`;
    await Deno.mkdir(sysctls);
    const withComponent = {
      apiVersion: "kustomize.config.k8s.io/v1beta1",
      kind: "Kustomization",
      resources: ["../deploy"],
      components: ["../deploy/sysctls"],
    };
    await Deno.writeTextFile(`${sysctls}/kustomization.yaml`, JSON.stringify(withComponent));
    await copyFolder(projectPath("deploy"), `${server.dir}/deploy`);
    for (const folder of ["deploy", "deploy/kubeadm", "sysctls"]) {
      const path = `${server.dir}/${folder}`;
      const options = ["--dry-run=server", "--validate=strict", "--output=name"];
      const names = await kubectl(server, "apply", ...options, "--kustomize", path);
      assert.deepEqual(names.trim().split("\n").toSorted(), [
        "clusterrole.rbac.authorization.k8s.io/weir",
        "clusterrolebinding.rbac.authorization.k8s.io/weir",
        ...(folder === "deploy/kubeadm" ? [] : names.match(/^configmap\/weir-\w+$/m) ?? []),
        "daemonset.apps/weir",
        "serviceaccount/weir",
      ]);
    }
  },
});

Deno.test({
  name: `A Pod of the DaemonSet is admitted, as critical to its node${LEFT_OUT}`,
  ignore,
  async fn() {
    await using server = await startApiServer();
    await applyRights(server);
    const file = await Deno.readTextFile(projectPath("deploy/base/daemonset.yaml"));
    const { spec: { template } } = parse(file);
    const pods = "/api/v1/namespaces/kube-system/pods?dryRun=All&fieldValidation=Strict";
    const pod = await server.request("POST", pods, {
      ...template,
      metadata: { ...template.metadata, name: "weir-abcde" },
    }) as {
      spec: { priority: number; containers: { volumeMounts: { mountPath: string }[] }[] };
    };
    assert.equal(pod.spec.priority, 2_000_001_000);
    assert.deepEqual(
      pod.spec.containers[0]?.volumeMounts.map(({ mountPath }) => mountPath),
      ["/etc/weir", "/var/run/secrets/kubernetes.io/serviceaccount"],
    );
  },
});

Deno.test({
  name: `The rights in deploy/ suffice, and are fewer than kube-proxy's${LEFT_OUT}`,
  ignore,
  async fn() {
    await flushRules();
    await using server = await startApiServer();
    await applyRights(server);
    await createObjects(server);
    await using weir = await startWeir(server);
    await weir.logged(/Synced family=IPv4/);
    assert.match(await nft("list", "map", "ip", "weir", "tcp-endpoints"), /10\.244\.1\.5 \. 8080/);
    assert.match(await nft("list", "set", "ip", "weir", "service-cidrs"), /10\.96\.0\.0\/12/);
    await weir.until(async () => (await eventReasons(server)).includes("Starting"), "the Event");
    assert.doesNotMatch(weir.log, /forbidden/);

    const own = await server.request("GET", `${RBAC}/clusterroles/weir`) as ClusterRole;
    const theirs = await server.request(
      "GET",
      `${RBAC}/clusterroles/system:node-proxier`,
    ) as ClusterRole;
    const allowed = new Set(grants(theirs.rules));
    assert.deepEqual(grants(own.rules).filter((grant) => !allowed.has(grant)), []);
    assert.ok(grants(own.rules).length < allowed.size);
  },
});

const FORBIDDEN: readonly { verb: string; group: string; resource: string }[] = [
  { verb: "get", group: "", resource: "secrets" },
  { verb: "list", group: "", resource: "secrets" },
  { verb: "get", group: "", resource: "configmaps" },
  { verb: "list", group: "", resource: "pods" },
  { verb: "patch", group: "", resource: "nodes" },
  { verb: "update", group: "", resource: "services" },
  { verb: "create", group: "discovery.k8s.io", resource: "endpointslices" },
  { verb: "delete", group: "events.k8s.io", resource: "events" },
  { verb: "list", group: "events.k8s.io", resource: "events" },
  { verb: "create", group: "rbac.authorization.k8s.io", resource: "clusterrolebindings" },
];

Deno.test({
  name: `weir's account may read no Secrets, and change nothing but Events${LEFT_OUT}`,
  ignore,
  async fn() {
    await using server = await startApiServer();
    await applyRights(server);
    const may = async (resourceAttributes: object) => {
      const { status } = await server.request(
        "POST",
        "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        {
          spec: {
            user: ACCOUNT,
            groups: ["system:serviceaccounts", "system:authenticated"],
            resourceAttributes,
          },
        },
      ) as { status: { allowed: boolean } };
      return status.allowed;
    };
    assert.ok(await may({ verb: "watch", group: "", resource: "services" }));
    for (const attributes of FORBIDDEN) {
      assert.equal(await may(attributes), false, JSON.stringify(attributes));
    }
  },
});

Deno.test({
  name: `Of a right that is missing weir says which it is${LEFT_OUT}`,
  ignore,
  async fn() {
    await flushRules();
    await using server = await startApiServer();
    await applyRights(server);
    await createObjects(server);
    const role = `${RBAC}/clusterroles/weir`;
    const { rules } = await server.request("GET", role) as ClusterRole;
    for (const missing of rules) {
      const resource = missing.resources[0]!;
      const left = rules.filter((rule) => rule !== missing);
      await server.request("PATCH", role, { rules: left });
      await using weir = await startWeir(server);
      await weir.logged(
        resource === "events"
          ? /Cannot write an Event.*cannot create resource .*events.* in API group .*events\.k8s\.io/
          : new RegExp(`${resource}.* is forbidden.*grant it .*"watch.*" on .*"${resource}`),
      );
    }
  },
});

/** Copies a folder of manifests. kustomize looks for what it builds on below a common folder, by relative paths. */
async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name, isDirectory } of Deno.readDir(from)) {
    if (isDirectory) await copyFolder(`${from}/${name}`, `${to}/${name}`);
    else await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
}
