import { KUBERNETES_VERSION } from "../config/compatibility.ts";
import { featureGate, isEnabled } from "../config/feature_gates.ts";
import type { MetricsRegistry } from "./metrics_registry.ts";

/** The gates that a service proxy's behaviour may be thought to depend on: always shown, whatever is configured. */
const GATES = [
  "AllowServiceExternalIPs",
  "ComponentFlagz",
  "ComponentStatusz",
  "MultiCIDRServiceAllocator",
  "NFTablesProxyMode",
  "PreferSameTrafficDistribution",
  "StrictIPCIDRValidation",
  "WatchListClient",
];

/** What runs, and how it is set up. */
export interface Build {
  /** weir's own version: "0.1.0". */
  readonly version: string;
  readonly featureGates: Readonly<Record<string, boolean>>;
}

/**
 * Adds what every component of Kubernetes says about itself, under the names of `k8s.io/component-base`.
 *
 * Returns what tells of the build: dashboards compare `git_version` over the components of a cluster, so that it begins
 * with the version of the kube-proxy whose place weir takes.
 */
export function addGenericMetrics(
  registry: MetricsRegistry,
): { readonly describeBuild: (build: Build) => void } {
  const stability = "BETA";
  const kubernetes = registry.gauge({
    name: "kubernetes_build_info",
    help: "The version that this takes the place of, and what it runs on; always 1.",
    labels: [
      ...["major", "minor", "git_version", "git_commit", "git_tree_state", "build_date"],
      ...["go_version", "compiler", "platform"],
    ],
    stability,
  });
  const gates = registry.gauge({
    name: "kubernetes_feature_enabled",
    help:
      "Whether a feature gate is on: those that concern a service proxy, and those that are set.",
    labels: ["name", "stage"],
    stability,
  });
  const weir = registry.gauge({
    name: "weir_build_info",
    help: "The version of weir and of Deno; always 1.",
    labels: ["version", "deno"],
  });
  addRegistryMetrics(registry);
  return {
    describeBuild({ version, featureGates }) {
      weir.set({ version, deno: Deno.version.deno }, 1);
      kubernetes.set(buildLabels(version), 1);
      for (const name of new Set([...GATES, ...Object.keys(featureGates)])) {
        const gate = featureGate(name);
        if (gate === undefined) continue;
        const stage = gate.stage === "GA" ? "" : gate.stage;
        gates.set({ name, stage }, Number(isEnabled(name, featureGates)));
      }
    },
  };
}

function buildLabels(version: string): Record<string, string> {
  const { os, arch } = Deno.build;
  const [major = "", minor = ""] = KUBERNETES_VERSION.split(".");
  return {
    major,
    minor,
    git_version: `v${KUBERNETES_VERSION}+weir.${version}`,
    git_commit: "",
    git_tree_state: "",
    build_date: "",
    go_version: "",
    compiler: `deno-${Deno.version.deno}`,
    platform: `${os}/${arch === "x86_64" ? "amd64" : "arm64"}`,
  };
}

/** Adds what is said of the metrics themselves: nothing is hidden or switched off here. */
function addRegistryMetrics(registry: MetricsRegistry): void {
  const stability = "BETA";
  const registered = registry.counter({
    name: "registered_metrics_total",
    help: "The count of registered metrics broken by stability level and deprecation version.",
    labels: ["stability_level", "deprecated_version"],
    stability,
  });
  registry.counter({
    name: "hidden_metrics_total",
    help: "The count of hidden metrics.",
    stability,
  });
  registry.counter({
    name: "disabled_metrics_total",
    help: "The count of disabled metrics.",
    stability,
  });
  const stop = registry.onRead(() => {
    stop();
    for (const [stability_level, size] of registry.sizes) {
      if (stability_level === "") continue;
      registered.inc({ stability_level, deprecated_version: "" }, size);
    }
  });
}
