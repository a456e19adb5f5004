import type { Logger } from "@logtape/logtape";
import type { Clock } from "../model/clock.ts";
import type { Health, HealthCheck } from "./health.ts";
import type { Readiness } from "./health_readiness.ts";
import { type Handler, jsonText, routed, type Routes } from "./http_routes.ts";
import { serveHttp } from "./http_server.ts";

/** What the health server needs. */
export interface HealthServerOptions {
  readonly health: Health;
  readonly readiness: Readiness;
  /** `healthzBindAddress`. */
  readonly address: string;
  /** `bindAddressHardFail`. */
  readonly hardFail: boolean;
  /** Told of every answer, for the metrics. */
  readonly onAnswer: (check: HealthCheck, status: number) => void;
  /** Told of every attempt to bind that failed. */
  readonly onBindFailure?: (error: Error) => void;
  readonly onListen?: (address: Deno.NetAddr) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Serves `/healthz` and `/livez`, kube-proxy's health checks, and `/readyz`, which tells why not, on port 10256 by
 * default, until `signal` aborts.
 *
 * Rejects as {@linkcode serveHttp} does.
 */
export function serveHealth(options: HealthServerOptions, signal: AbortSignal): Promise<void> {
  return serveHttp({ ...options, name: "health", handler: routed(healthRoutes(options)) }, signal);
}

function healthRoutes(options: HealthServerOptions): Routes {
  return {
    "/healthz": answer("healthz", options),
    "/livez": answer("livez", options),
    "/readyz": readyz(options.readiness, { detail: false }),
  };
}

function answer(check: HealthCheck, { health, onAnswer }: HealthServerOptions): Handler {
  return () => {
    const { status, body } = health.report(check);
    onAnswer(check, status);
    return jsonText(body, status);
  };
}

/** Returns the handler of `/readyz`, see {@linkcode Readiness.report}. */
export function readyz(readiness: Readiness, about: { readonly detail: boolean }): Handler {
  return () => {
    const { status, body } = readiness.report(about);
    return jsonText(body, status);
  };
}
