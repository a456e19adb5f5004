import type { Logger } from "@logtape/logtape";
import type { Clock } from "../model/clock.ts";
import { type Handler, jsonText, plainText, routed, type Routes } from "./http_routes.ts";
import { serveHttp } from "./http_server.ts";

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

function metricsRoutes({ metrics, mode, config }: MetricsServerOptions): Routes {
  return {
    "/metrics": async () =>
      new Response(await metrics(), { headers: { "Content-Type": EXPOSITION } }),
    "/healthz": ping,
    "/healthz/ping": () => plainText("ok"),
    "/proxyMode": () => plainText(mode),
    "/configz": () => jsonText(JSON.stringify(configz(config()))),
  };
}

/** Says that the server answers, which is all that this path is about: syncs are the health server's business. */
const ping: Handler = (request) => {
  const verbose = new URL(request.url).searchParams.has("verbose");
  return plainText(verbose ? "[+]ping ok\nhealthz check passed\n" : "ok");
};

function configz(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return {
    "kubeproxy.config.k8s.io": {
      kind: "KubeProxyConfiguration",
      apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
      ...config,
    },
  };
}
