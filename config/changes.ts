import type { KubeProxyConfiguration } from "./configuration.ts";

/** Returns the paths of the fields in which two configurations differ, e.g. `clusterCIDR` or `nftables.syncPeriod`. */
export function changedFields(
  before: KubeProxyConfiguration,
  after: KubeProxyConfiguration,
): readonly string[] {
  return [...differences(before, after, "")];
}

function* differences(before: unknown, after: unknown, path: string): Generator<string> {
  if (!isGroup(before) || !isGroup(after)) {
    if (JSON.stringify(before) !== JSON.stringify(after)) yield path;
    return;
  }
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    yield* differences(before[key], after[key], path === "" ? key : `${path}.${key}`);
  }
}

function isGroup(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
