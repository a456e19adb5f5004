import type { ApiServer } from "./api_server.ts";

/**
 * Writes a configuration file that weir and kube-proxy understand, and returns its path.
 *
 * It says mode `nftables`, with the rights of `system:kube-proxy`, changed as asked.
 */
export async function writeConfig(server: ApiServer, changes: object): Promise<string> {
  const path = `${server.dir}/config.yaml`;
  const config = {
    apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
    kind: "KubeProxyConfiguration",
    mode: "nftables",
    clientConnection: { kubeconfig: server.proxyKubeconfig },
    ...changes,
  };
  await Deno.writeTextFile(path, JSON.stringify(config));
  return path;
}
