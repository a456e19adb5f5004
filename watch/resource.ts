import type { Kind } from "../model/objects.ts";

/** How one kind is asked for. */
export interface Resource {
  readonly kind: Kind;
  /** "" for the core group. */
  readonly group: string;
  /** The plural name in paths and in RBAC rules. */
  readonly plural: string;
  /** The path of the list over all namespaces. */
  readonly path: string;
  /** Selectors that the server applies. */
  readonly selectors: Readonly<Record<string, string>>;
  /** True when older servers do not have it, which then counts as an empty list. */
  readonly optional: boolean;
}

/** Another proxy serves a Service with this label; the presence of the key is what counts. */
export const OTHER_PROXY = "service.kubernetes.io/service-proxy-name";
/** The endpoint slice controller gives this label to the slices of headless Services. */
export const HEADLESS = "service.kubernetes.io/headless";

/**
 * Describes how to list and watch `kind`, of the Nodes only `nodeName`.
 *
 * The selectors are those of kube-proxy, no more and no less. A Service is headless by its field and not by its label,
 * and slices are judged by the Service that they name.
 */
export function resourceOf(kind: Kind, nodeName: string): Resource {
  switch (kind) {
    case "Service":
      return resource(kind, "", "services", {
        labelSelector: `!${OTHER_PROXY}`,
        fieldSelector: "spec.clusterIP!=None",
      });
    case "EndpointSlice":
      return resource(kind, "discovery.k8s.io", "endpointslices", {
        labelSelector: `!${HEADLESS}`,
      });
    case "Node":
      return resource(kind, "", "nodes", { fieldSelector: `metadata.name=${nodeName}` });
    case "ServiceCIDR":
      return resource(kind, "networking.k8s.io", "servicecidrs", {});
  }
}

function resource(
  kind: Kind,
  group: string,
  plural: string,
  selectors: Resource["selectors"],
): Resource {
  const base = group === "" ? "/api/v1" : `/apis/${group}/v1`;
  const path = `${base}/${plural}`;
  return { kind, group, plural, path, selectors, optional: kind === "ServiceCIDR" };
}

/** Writes the path and query of a request for `resource`. */
export function requestPath(resource: Resource, query: Readonly<Record<string, string>>): string {
  return `${resource.path}?${new URLSearchParams({ ...resource.selectors, ...query })}`;
}
