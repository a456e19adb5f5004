import type { Logger } from "@logtape/logtape";
import type { Clock } from "../model/clock.ts";
import { EXPLAIN_PATH } from "./explain/route.ts";
import type { Readiness } from "./health_readiness.ts";
import { readyz } from "./health_server.ts";
import { checkRoutes } from "./http_checks.ts";
import { type Handler, jsonText, plainText, routed, type Routes } from "./http_routes.ts";
import { serveHttp } from "./http_server.ts";
import { statusz } from "./http_statusz.ts";
import { type ZPage, zPage } from "./http_zpages.ts";

/** The type of Prometheus' text format. */
const EXPOSITION = "text/plain; version=0.0.4; charset=utf-8";

/** What the metrics server needs. */
export interface MetricsServerOptions {
  /** `metricsBindAddress`. */
  readonly address: string;
  /** `bindAddressHardFail`. */
  readonly hardFail: boolean;
  /** Returns every metric in Prometheus' text format. */
  readonly metrics: () => Promise<string>;
  /** The word for the mode that rules are written in: `nftables`. */
  readonly mode: string;
  /** Returns the configuration in force, in the fields of `KubeProxyConfiguration` v1alpha1. */
  readonly config: () => Readonly<Record<string, unknown>>;
  /** For `/readyz`, here with all details: this server is for operators, and on loopback unless they say otherwise. */
  readonly readiness: Readiness;
  /** Answers `/debug/explain`, which is there when this is. */
  readonly explain?: Handler | undefined;
  /** Returns the command line's flags with their values: `/flagz` is there when this is. */
  readonly flags?: (() => Readonly<Record<string, string>>) | undefined;
  /** Whether `/statusz` is there (feature gate ComponentStatusz). @default {true} */
  readonly statusz?: boolean;
  /** Told of every attempt to bind that failed. */
  readonly onBindFailure?: (error: Error) => void;
  readonly onListen?: (address: Deno.NetAddr) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Serves `/metrics` and what else kube-proxy tells about itself, on 127.0.0.1:10249 by default, until `signal` aborts.
 *
 * Rejects as {@linkcode serveHttp} does.
 */
export function serveMetrics(options: MetricsServerOptions, signal: AbortSignal): Promise<void> {
  const handler = routed(metricsRoutes(options));
  return serveHttp({ ...options, name: "metrics", handler, compress: true }, signal);
}

function metricsRoutes(options: MetricsServerOptions): Routes {
  const { metrics, mode, config, readiness, explain, flags, clock } = options;
  const paths = ["/configz", ...flags ? ["/flagz"] : [], "/healthz", "/metrics", "/proxyMode"];
  return {
    "/metrics": async () =>
      new Response(await metrics(), { headers: { "Content-Type": EXPOSITION } }),
    ...checkRoutes(clock.now()),
    "/readyz": readyz(readiness, { detail: true }),
    "/proxyMode": () => plainText(mode),
    "/configz": () => jsonText(JSON.stringify(configz(config()))),
    ...(explain === undefined ? {} : { [EXPLAIN_PATH]: explain }),
    ...(flags === undefined ? {} : { "/flagz": zPage(flagz(flags)) }),
    ...(options.statusz === false ? {} : { "/statusz": zPage(statusz({ clock, paths })) }),
  };
}

function flagz(flags: () => Readonly<Record<string, string>>): ZPage {
  const sorted = () => Object.entries(flags()).sort(([a], [b]) => a < b ? -1 : 1);
  return {
    kind: "Flagz",
    text: () => sorted().map(([name, value]) => `${name}=${value}\n`).join(""),
    object: () => ({ flags: Object.fromEntries(sorted()) }),
  };
}

function configz(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return {
    "kubeproxy.config.k8s.io": {
      kind: "KubeProxyConfiguration",
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      ...config,
    },
  };
}
