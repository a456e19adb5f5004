/** The text of a configuration file with these fields: the first of them stands on line 3. */
export function configText(fields: string): string {
  return `apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n${fields}`;
}
