import assert from "node:assert/strict";
import { load } from "js-yaml";
import { type ApiServer, apiServerBinaries, startApiServer } from "../support/api_server.ts";
import { createObjects } from "../support/cluster_objects.ts";
import { flushRules, IN_NAMESPACE, nft } from "../support/kernel.ts";
import { accountToken, applyRights, kubectl } from "../support/kubectl.ts";
import { storedEvents } from "../support/stored_events.ts";
import { projectPath, WeirProcess } from "../support/weir_process.ts";

const ignore = apiServerBinaries() === undefined || !IN_NAMESPACE;
const LEFT_OUT = ignore ? " (left out: KUBEBUILDER_ASSETS is not set)" : "";

const ACCOUNT = "system:serviceaccount:kube-system:weir";
const RBAC = "/apis/rbac.authorization.k8s.io/v1";

/** A rule of a ClusterRole. */
interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

interface ClusterRole {
  readonly rules: readonly Rule[];
}

/** Starts weir with the configuration in deploy/ and a token of its account. */
async function startWeir(server: ApiServer): Promise<WeirProcess> {
  const { dir, url } = server;
  await Deno.writeTextFile(`${dir}/token`, await accountToken(server));
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
    ...load(await Deno.readTextFile(projectPath("deploy/config.yaml"))) as object,
    clientConnection: { kubeconfig: `${dir}/weir.kubeconfig` },
  };
  await Deno.writeTextFile(`${dir}/config.yaml`, JSON.stringify(config));
  return new WeirProcess(["--config", `${dir}/config.yaml`, "--hostname-override", "node-1"]);
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
    const { spec: { template } } = load(file) as { spec: { template: { metadata: object } } };
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
  name: `kubeadm's kube-proxy leaves the nodes that weir serves, and comes back${LEFT_OUT}`,
  ignore,
  async fn() {
    await using server = await startApiServer();
    const labels = { "k8s-app": "kube-proxy" };
    const container = { name: "kube-proxy", image: "registry.k8s.io/kube-proxy:v1.36.3" };
    await server.request("POST", "/apis/apps/v1/namespaces/kube-system/daemonsets", {
      metadata: { name: "kube-proxy" },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { hostNetwork: true, containers: [container] } },
      },
    });
    const patch = async (...args: readonly string[]) => {
      const what = ["--namespace=kube-system", "patch", "daemonset", "kube-proxy"];
      const { spec } = JSON.parse(await kubectl(server, ...what, "--output=json", ...args));
      return JSON.stringify(spec.template.spec.affinity);
    };
    const file = projectPath("deploy/kubeadm/kube-proxy-patch.yaml");
    const key = '{"key":"service-proxy","operator":"NotIn","values":["weir"]}';
    assert.ok((await patch("--patch-file", file)).includes(key));
    const guide = await Deno.readTextFile(projectPath("docs/install.md"));
    const [, back = ""] = /--type=json \\\n\s+-p '(.*)'/.exec(guide) ?? [];
    assert.equal(await patch("--type=json", `--patch=${back}`), undefined);
  },
});

Deno.test({
  name: `The rights in deploy/ suffice, and are fewer than kube-proxy's${LEFT_OUT}`,
  ignore,
  async fn() {
    await flushRules();
    await using server = await startApiServer();
    await applyRights(server);
    await createObjects(server, "192.0.2.10");
    await using weir = await startWeir(server);
    await weir.logged(/Synced family=IPv4/);
    assert.match(await nft("list", "map", "ip", "weir", "tcp-endpoints"), /10\.244\.1\.5 \. 8080/);
    assert.match(await nft("list", "set", "ip", "weir", "service-cidrs"), /10\.96\.0\.0\/12/);
    await weir.until(
      async () => (await storedEvents(server)).some(({ reason }) => reason === "Starting"),
      "the Event",
    );
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
    await createObjects(server, "192.0.2.10");
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
