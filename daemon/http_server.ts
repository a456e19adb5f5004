import type { Logger } from "@logtape/logtape";
import type { Clock } from "../model/clock.ts";
import { type Handler, plainText } from "./http_routes.ts";

const BIND_RETRY = 5_000;
const TIME_LIMIT = 10_000;
const MAX_ACTIVE = 64;

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
  /** Told of the real address, once it is bound. */
  readonly onListen?: (address: Deno.NetAddr) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Serves plain HTTP until `signal` aborts, which closes every connection.
 *
 * Request bodies are never read, a request gets an answer within 10 s whatever its handler does, and no more than 64
 * are worked on at a time. Rejects only with `hardFail`, when the address cannot be bound, and when the address is
 * not one.
 */
export async function serveHttp(options: HttpServerOptions, signal: AbortSignal): Promise<void> {
  const { name, address, log, clock } = options;
  const at = parseAddress(address);
  while (!signal.aborted) {
    try {
      const servers = listen(at, options, signal);
      const bound = servers.map((server) => server.addr)[0];
      if (bound !== undefined) {
        log.info("Listening", { server: name, address: joinAddress(bound) });
        options.onListen?.(bound);
      }
      await Promise.all(servers.map((server) => server.finished));
      return;
    } catch (cause) {
      const error = new Error(`Cannot listen on "${address}" for the ${name} server`, { cause });
      if (options.hardFail) throw error;
      log.error("Cannot bind, trying again", { server: name, error, retryInMs: BIND_RETRY });
      await clock.sleep(BIND_RETRY, signal);
    }
  }
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
function listen(
  at: Address,
  options: HttpServerOptions,
  signal: AbortSignal,
): Deno.HttpServer<Deno.NetAddr>[] {
  const handler = bounded(options);
  const serve = (hostname: string, port: number) =>
    Deno.serve({
      hostname,
      port,
      signal,
      onListen() {},
      automaticCompression: options.compress ?? false,
    }, handler);
  if (!["", "0.0.0.0", "::"].includes(at.host)) return [serve(at.host, at.port)];
  let both;
  try {
    both = serve("::", at.port);
  } catch (error) {
    if (error instanceof Deno.errors.AddrInUse) throw error;
    return [serve("0.0.0.0", at.port)]; // this kernel has no IPv6
  }
  try {
    return [both, serve("0.0.0.0", both.addr.port)]; // net.ipv6.bindv6only is set
  } catch {
    return [both]; // in use: by the socket above
  }
}

/** Wraps the handler of `options` so that nothing a client does, and no handler that hangs, uses up the process. */
function bounded({ handler, name, clock, log }: HttpServerOptions): Handler {
  let active = 0;
  return async (request) => {
    if (active >= MAX_ACTIVE) return plainText("Too many requests\n", 503);
    active++;
    const done = new AbortController();
    const late = clock.sleep(TIME_LIMIT, done.signal)
      .then(() => plainText("The answer takes too long\n", 503));
    try {
      await request.body?.cancel();
      return await Promise.race([handler(request), late]);
    } catch (error) {
      log.error("Cannot answer a request", { server: name, url: request.url, error });
      return plainText("Internal error\n", 500);
    } finally {
      active--;
      done.abort();
    }
  };
}
