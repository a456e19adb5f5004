import { PERMISSIONS } from "../permissions.ts";
import type { Namespace } from "./lab.ts";

/** The configuration with which the demo runs weir, in kube-proxy's own format. */
export const CONFIGURATION = `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: nftables
hostnameOverride: demo-node
clusterCIDR: 10.244.0.0/16,fd00:244::/48
nftables:
  minSyncPeriod: 0s
conntrack:
  maxPerCore: 0
`;

/** A running weir. */
export interface Proxy {
  /** When it was started (`performance.now()`). */
  readonly started: number;
  /** Resolves with what it had to say when it ends by itself. */
  readonly ended: Promise<string>;
}

/** Starts the real program in the node's namespace, on a folder of manifests. It ends with the namespace. */
export function startProxy(
  node: Namespace,
  files: { readonly manifests: string; readonly config: string },
): Proxy {
  const main = new URL("../../main.ts", import.meta.url).href;
  const args = ["run", "--quiet", ...PERMISSIONS, main];
  args.push(`--config=${files.config}`, `--manifests=${files.manifests}`);
  const started = performance.now();
  const streams = { stdin: "null", stdout: "piped", stderr: "piped" } as const;
  const child = node.spawn(Deno.execPath(), args, streams);
  const output = Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
  ]);
  return { started, ended: output.then((texts) => texts.join("").trim()) };
}

/**
 * Connects again and again until a Service answers, and returns when that was (`performance.now()`).
 *
 * Throws with weir's own words when it ends instead, and when nothing has come of it after 15 s.
 */
export async function firstAnswer(
  proxy: Proxy,
  asker: Namespace,
  address: string,
): Promise<number> {
  let words: string | undefined;
  void proxy.ended.then((text) => words = text);
  while (performance.now() - proxy.started < 15_000) {
    const outcome = await asker.connect(address, 80, { timeoutMs: 20 });
    if (outcome.result === "answered") return performance.now();
    if (words !== undefined) throw new Error(`weir ended:\n${words}`);
  }
  throw new Error(`No answer from "${address}" within 15 s of the start of weir`);
}
