/** The release of Kubernetes whose kube-proxy weir takes the place of. */
export const KUBERNETES_VERSION = "1.36.3";

/** The minor release before it, the only one whose hidden metrics can be asked for. */
export function previousMinor(version: string = KUBERNETES_VERSION): string {
  const [major = "", minor = ""] = version.split(".");
  return `${major}.${Number(minor) - 1}`;
}
