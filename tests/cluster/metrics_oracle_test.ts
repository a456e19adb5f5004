import assert from "node:assert/strict";
import { FAMILIES } from "../../model/family.ts";
import { type ApiServer, apiServerBinaries, startApiServer } from "../support/api_server.ts";
import { createNode, createService, SLICES } from "../support/cluster_objects.ts";
import { type MetricFamily, parseExposition } from "../support/exposition.ts";
import { flushRules, IN_NAMESPACE } from "../support/kernel.ts";
import { writeConfig } from "../support/proxy_config.ts";
import { WeirProcess } from "../support/weir_process.ts";
import { OWN_FLAGS } from "./_config_cases.ts";

const BINARIES = apiServerBinaries();
const ignore = BINARIES === undefined || !IN_NAMESPACE;
const LEFT_OUT = ignore ? " (left out: KUBEBUILDER_ASSETS is not set)" : "";

const HEALTH = "http://127.0.0.1:10256";
const METRICS = "http://127.0.0.1:10249";

/** Families of kube-proxy's that weir does not have, and why. */
const LEFT_OUT_FAMILIES: readonly { readonly names: RegExp; readonly reason: string }[] = [
  { names: /^go_/, reason: "there is no Go runtime" },
  {
    names: /^(aggregator|apiserver|authentication|cardinality)_/,
    reason: "they count what other components do whose code is linked into kube-proxy",
  },
  {
    names: /^process_(open_fds|max_fds|virtual_memory|network)/,
    reason: "they come from /proc, which Deno lets nobody read without every permission there is",
  },
  {
    names: /^rest_client_(transport|exec_plugin)_/,
    reason: "they are about the insides of client-go",
  },
  { names: /^rest_client_rate_limiter_/, reason: "no request waits for a limiter of its own" },
  { names: /^rest_client_response_size_/, reason: "fetch does not tell how long an answer was" },
];

/** What both servers are asked. */
interface Question {
  readonly url: string;
  readonly accept?: string;
  readonly method?: string;
  /** Whether the text of the answer is the same but for times. */
  readonly sameText?: boolean;
}

const asObject = (kind: string, version: string) =>
  `application/json;v=${version};g=config.k8s.io;as=${kind}`;

const QUESTIONS: readonly Question[] = [
  { url: `${HEALTH}/healthz`, sameText: true },
  { url: `${HEALTH}/livez`, sameText: true },
  { url: `${HEALTH}/livez`, method: "HEAD", sameText: true },
  { url: `${HEALTH}/`, sameText: true },
  { url: `${METRICS}/`, sameText: true },
  { url: `${METRICS}/healthz`, sameText: true },
  { url: `${METRICS}/healthz`, method: "POST", sameText: true },
  { url: `${METRICS}/healthz?verbose`, sameText: true },
  { url: `${METRICS}/healthz?verbose&exclude=ping`, sameText: true },
  { url: `${METRICS}/healthz?exclude=other`, sameText: true },
  { url: `${METRICS}/healthz/ping`, sameText: true },
  { url: `${METRICS}/healthz/other`, sameText: true },
  { url: `${METRICS}/metrics/slis` },
  { url: `${METRICS}/metrics/slis`, method: "DELETE", sameText: true },
  { url: `${METRICS}/metrics/slis` },
  { url: `${METRICS}/livez`, sameText: true },
  { url: `${METRICS}/proxyMode`, sameText: true },
  { url: `${METRICS}/configz` },
  { url: `${METRICS}/configz/`, sameText: true },
  { url: `${METRICS}/flagz` },
  { url: `${METRICS}/flagz`, accept: "text/plain" },
  { url: `${METRICS}/flagz`, accept: asObject("Flagz", "v1alpha1") },
  { url: `${METRICS}/flagz`, accept: "application/json", sameText: true },
  { url: `${METRICS}/flagz`, accept: asObject("Statusz", "v1beta1") },
  { url: `${METRICS}/statusz` },
  { url: `${METRICS}/statusz`, accept: asObject("Statusz", "v1beta1") },
  { url: `${METRICS}/statusz`, accept: asObject("Statusz", "v1alpha1") },
  { url: `${METRICS}/statusz`, accept: "image/png" },
  { url: `${METRICS}/debug/pprof/`, sameText: true },
  { url: `${METRICS}/debug/flags/v`, method: "PUT", sameText: true },
];

/** What one proxy says. */
interface Report {
  readonly families: ReadonlyMap<string, MetricFamily>;
  readonly answers: readonly Answer[];
  readonly flags: Readonly<Record<string, string>>;
  readonly slis: string;
}

interface Answer {
  readonly question: string;
  readonly status: number;
  readonly type: string | null;
  readonly text?: string | undefined;
}

Deno.test({
  name: `weir's servers answer as those of the real kube-proxy, with its metrics${LEFT_OUT}`,
  ignore,
  async fn() {
    await flushRules();
    await using server = await startApiServer();
    const config = await prepare(server);
    const theirs = await reportOfKubeProxy(config, server);
    await flushRules();
    const ours = await reportOfWeir(config, server);
    assert.deepEqual(ours.answers, theirs.answers);
    assert.equal(ours.slis, theirs.slis);
    const flags = Object.entries(ours.flags).filter(([name]) => !OWN_FLAGS.includes(name));
    assert.deepEqual(Object.fromEntries(flags), theirs.flags);
    compareFamilies(ours.families, theirs.families);
  },
});

/** Makes a node and a Service without endpoints on it, and writes the configuration that both read. */
async function prepare(server: ApiServer): Promise<string> {
  await createNode(server, "node-1", ["127.0.0.1"]);
  await createService(server, "dns", {
    type: "LoadBalancer",
    internalTrafficPolicy: "Local",
    externalTrafficPolicy: "Local",
    ports: [{ port: 53, protocol: "UDP" }],
  });
  return await writeConfig(server, {
    hostnameOverride: "node-1",
    bindAddress: "127.0.0.1",
    clusterCIDR: "10.244.0.0/16",
    conntrack: { maxPerCore: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
  });
}

/** Adds a slice with an endpoint on another node, which is measured: the change is younger than the process. */
async function addEndpoint(server: ApiServer, name: string, address: string): Promise<void> {
  await server.request("POST", SLICES, {
    metadata: {
      name,
      labels: { "kubernetes.io/service-name": "dns" },
      annotations: {
        "endpoints.kubernetes.io/last-change-trigger-time": new Date().toISOString(),
      },
    },
    addressType: "IPv4",
    ports: [{ name: "", port: 53, protocol: "UDP" }],
    endpoints: [{ addresses: [address], nodeName: "node-2" }],
  });
}

async function reportOfKubeProxy(config: string, server: ApiServer): Promise<Report> {
  const streams = { stdin: "null", stdout: "null", stderr: "null" } as const;
  const command = new Deno.Command(`${BINARIES}/kube-proxy`, {
    args: ["--config", config],
    ...streams,
  });
  const child = command.spawn();
  try {
    await until(hasSynced);
    await addEndpoint(server, "dns-theirs", "10.244.2.7");
    await until(isWarm);
    return await report();
  } finally {
    child.kill("SIGTERM");
    await child.status;
  }
}

async function reportOfWeir(config: string, server: ApiServer): Promise<Report> {
  await using weir = new WeirProcess(["--config", config]);
  await weir.until(hasSynced, "the first syncs");
  await addEndpoint(server, "dns-ours", "10.244.2.8");
  await weir.until(isWarm, "all metrics");
  return await report();
}

async function until(condition: () => Promise<boolean>): Promise<void> {
  const end = performance.now() + 60_000;
  while (!await condition()) {
    if (performance.now() > end) throw new Error(`kube-proxy does not come up: ${condition.name}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Tells whether both families have been synced. */
function hasSynced(): Promise<boolean> {
  return shows(
    FAMILIES.map((family) =>
      new RegExp(
        `^kubeproxy_sync_full_proxy_rules_duration_seconds_count\\{ip_family="${family}"\\}`,
        "m",
      )
    ),
  );
}

/** Tells whether everything has happened that has metrics: a measured change, a pass over flows, an Event. */
function isWarm(): Promise<boolean> {
  return shows([
    /^kubeproxy_network_programming_duration_seconds_count\{/m,
    /^kubeproxy_sync_partial_proxy_rules_duration_seconds_count\{/m,
    /^kubeproxy_conntrack_reconciler_sync_duration_seconds_count\{/m,
    /^kubeproxy_conntrack_reconciler_deleted_entries_total\{/m,
    /^rest_client_request_duration_seconds_count\{/m,
  ]);
}

async function shows(samples: readonly RegExp[]): Promise<boolean> {
  try {
    const text = await (await ask({ url: `${METRICS}/metrics` })).text();
    return samples.every((sample) => sample.test(text));
  } catch {
    return false;
  }
}

async function report(): Promise<Report> {
  const answers: Answer[] = [];
  let slis = "";
  for (const question of QUESTIONS) {
    const response = await ask(question);
    const text = await response.text();
    if (question.url.endsWith("/slis")) {
      slis += text.replace(/^(process_start_time_seconds) .*/m, "$1 T");
    }
    answers.push({
      question: [question.method ?? "GET", question.url, question.accept].join(" "),
      status: response.status,
      type: response.headers.get("content-type")?.replace("; escaping=underscores", "") ?? null,
      text: question.sameText ? text.replaceAll(/"\d{4}-\d\d-\d\dT[^"]*"/g, '"T"') : undefined,
    });
  }
  const flagz = await ask({ url: `${METRICS}/flagz`, accept: asObject("Flagz", "v1beta1") });
  const { flags } = await flagz.json() as { flags: Record<string, string> };
  const text = await (await ask({ url: `${METRICS}/metrics` })).text();
  return { families: parseExposition(text), answers, flags, slis };
}

async function ask({ url, accept = "", method = "GET" }: Question): Promise<Response> {
  return await fetch(url, { method, headers: { accept } });
}

/** Fails for every family of theirs that is missing or other in ours, and for reasons that have become none. */
function compareFamilies(
  ours: ReadonlyMap<string, MetricFamily>,
  theirs: ReadonlyMap<string, MetricFamily>,
): void {
  const used = new Set<unknown>();
  const shown = ({ type, labels, buckets }: MetricFamily) => ({ type, labels, buckets });
  for (const [name, family] of theirs) {
    const exception = LEFT_OUT_FAMILIES.find(({ names }) => names.test(name));
    const own = ours.get(name);
    if (exception !== undefined) {
      used.add(exception);
      assert.equal(own, undefined, `${name} is there, in spite of: ${exception.reason}`);
      continue;
    }
    assert.ok(own !== undefined, `${name} is missing`);
    const expected = family.samples === 0 ? { type: family.type } : shown(family);
    assert.deepEqual(family.samples === 0 ? { type: own.type } : shown(own), expected, name);
  }
  assert.ok(theirs.size > 100, "kube-proxy has shown its metrics");
  for (const exception of LEFT_OUT_FAMILIES) {
    assert.ok(used.has(exception), `${exception.names} is in no scrape of kube-proxy's any more`);
  }
}
