import type { Logger } from "@logtape/logtape";
import type { Clock } from "../model/clock.ts";
import { ConnectionLimit } from "./http_limits.ts";
import { serveListener } from "./http_listener.ts";
import type { Handler } from "./http_routes.ts";

/** Milliseconds between two attempts to bind, as in kube-proxy. */
const BIND_RETRY = 5_000;

/** What to serve where. */
export interface HttpServerOptions {
  /** What the server is for, as people would call it: "health". */
  readonly name: string;
  /** `IP:port`, IPv6 in brackets. A wildcard of either family means both; port 0 lets the kernel choose. */
  readonly address: string;
  /** Give up when the address cannot be bound (`bindAddressHardFail`), instead of trying again every 5 s. */
  readonly hardFail: boolean;
  readonly handler: Handler;
  /** Compress answers for clients that accept it. @default {false} */
  readonly compress?: boolean;
  /** Told of every attempt to bind that failed. */
  readonly onBindFailure?: (error: Error) => void;
  /** Told of the real address, once it is bound. */
  readonly onListen?: (address: Deno.NetAddr) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Serves plain HTTP until `signal` aborts, which closes every connection.
 *
 * See {@linkcode serveListener} for what clients may use up. Rejects only with `hardFail`, when the address cannot be
 * bound, and when the address is not one.
 */
export async function serveHttp(options: HttpServerOptions, signal: AbortSignal): Promise<void> {
  const { name, address, log, clock } = options;
  const at = parseAddress(address);
  while (!signal.aborted) {
    try {
      return await serveAll(listen(at), options, signal);
    } catch (cause) {
      const error = new Error(`Cannot listen on "${address}" for the ${name} server`, { cause });
      options.onBindFailure?.(error);
      if (options.hardFail) throw error;
      log.error("Cannot bind, trying again", { server: name, error, retryInMs: BIND_RETRY });
      await clock.sleep(BIND_RETRY, signal);
    }
  }
}

async function serveAll(
  listeners: readonly Deno.TcpListener[],
  options: HttpServerOptions,
  signal: AbortSignal,
): Promise<void> {
  const { name, log, onListen } = options;
  const limit = new ConnectionLimit();
  const [bound] = listeners.map((listener) => listener.addr);
  const served = listeners.map((listener) =>
    serveListener(listener, { ...options, limit }, signal)
  );
  if (bound !== undefined) {
    log.info("Listening", { server: name, address: joinAddress(bound) });
    onListen?.(bound);
  }
  await Promise.all(served);
}

interface Address {
  readonly host: string;
  readonly port: number;
}

/** Takes `IP:port` apart. The configuration has been validated, so this only refuses what cannot be taken apart. */
function parseAddress(address: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d+)$/.exec(address);
  if (match === null) {
    throw new TypeError(
      `Cannot listen on "${address}": write "IP:port", with an IPv6 address in []`,
    );
  }
  return { host: match[1] ?? match[2] ?? "", port: Number(match[3]) };
}

function joinAddress({ hostname, port }: Deno.NetAddr): string {
  return hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
}

/** Binds `at`. A wildcard gives one dual-stack socket where the kernel allows it, and one socket a family elsewhere. */
function listen({ host, port }: Address): Deno.TcpListener[] {
  if (!["", "0.0.0.0", "::"].includes(host)) return [Deno.listen({ hostname: host, port })];
  let both;
  try {
    both = Deno.listen({ hostname: "::", port });
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw error;
    return [Deno.listen({ hostname: "0.0.0.0", port })]; // this kernel has no IPv6
  }
  try {
    return [both, Deno.listen({ hostname: "0.0.0.0", port: both.addr.port })]; // net.ipv6.bindv6only is set
  } catch {
    return [both]; // in use: by the socket above
  }
}
