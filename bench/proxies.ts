import denoJson from "../deno.json" with { type: "json" };
import type { Listing } from "./listing.ts";
import { projectPath } from "../tests/support/weir_process.ts";
import { NODE_NAME, POD_CIDR } from "./objects.ts";

/** A service proxy that is measured. */
export interface Proxy {
  readonly name: "kube-proxy" | "weir";
  /** The name of its nftables table. */
  readonly table: string;
  /** The command line that runs it with a configuration file. */
  command(config: string): readonly [program: string, ...args: string[]];
  /** Counts the endpoints that its table has, once for each Service port that they belong to. */
  endpoints(listing: Listing): number;
}

/** Returns the reference, out of the folder with the Kubernetes programs. */
export function kubeProxy(binaries: string): Proxy {
  return {
    name: "kube-proxy",
    table: "kube-proxy",
    command: (config) => [`${binaries}/kube-proxy`, `--config=${config}`],
    endpoints: ({ anonymous }) =>
      anonymous.filter(({ chain }) => chain.startsWith("service-"))
        .reduce((sum, { elements }) => sum + elements, 0),
  };
}

/** Returns weir as the task `start` runs it. */
export function weir(): Proxy {
  const [, ...args] = denoJson.tasks.start.split(" ");
  const rooted = args.map((arg) => arg === "main.ts" ? projectPath(arg) : arg);
  return {
    name: "weir",
    table: "weir",
    command: (config) => [Deno.execPath(), ...rooted, `--config=${config}`],
    endpoints: ({ sets }) =>
      [...sets].filter(([name]) => name.endsWith("-endpoints"))
        .reduce((sum, [, elements]) => sum + elements, 0),
  };
}

/** The configuration that both proxies run with. Its 1 ms is the shortest pause that kube-proxy takes. */
export function configuration(kubeconfig: string): string {
  return JSON.stringify({
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    hostnameOverride: NODE_NAME,
    clusterCIDR: POD_CIDR,
    clientConnection: { kubeconfig },
    nftables: { minSyncPeriod: "1ms", syncPeriod: "30s" },
    conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
  });
}
