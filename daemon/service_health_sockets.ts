import type { Logger } from "@logtape/logtape";
import { normaliseAddress } from "../model/address.ts";
import type { Clock } from "../model/clock.ts";
import { type Family, familyOf } from "../model/family.ts";
import { ConnectionLimit } from "./http_limits.ts";
import { serveListener } from "./http_listener.ts";

/** Connections that all ports together have open at the most. */
const MOST_CONNECTIONS = 256;

/** What sockets are opened for. */
export interface SocketOptions {
  /** The addresses on which `port` is to be open now. */
  readonly addresses: (port: number) => readonly string[];
  /** Tells whether `port` is to answer on `address` now: a wildcard takes connections to every address there is. */
  readonly admits: (port: number, address: string) => boolean;
  /** Answers a request that a client of `family` sent to `port`. */
  readonly answer: (port: number, family: Family) => Response;
  /** Told of every attempt to open `port` that failed. */
  readonly onFailure: (port: number, error: Error) => void;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Socket {
  readonly stop: AbortController;
  readonly finished: Promise<void>;
}

/**
 * HTTP servers on many ports of the node, each on several addresses.
 *
 * An address that cannot be bound does not keep the others from being served, and sockets that stay are never touched.
 */
export class HealthSockets {
  readonly #options: SocketOptions;
  /** By port, then by address. */
  readonly #open = new Map<number, Map<string, Socket>>();
  /** How many sockets of a port are about to close. They hold their address until they have. */
  readonly #closing = new Map<number, number>();
  readonly #closed = new Set<Promise<void>>();
  /** What the last attempt on a port failed with. */
  readonly #failures = new Map<number, string>();
  readonly #limit = new ConnectionLimit(MOST_CONNECTIONS);
  #ended = false;

  constructor(options: SocketOptions) {
    this.#options = options;
  }

  /** The ports that are not open on every address that is wanted. */
  get failing(): readonly number[] {
    return [...this.#failures.keys()];
  }

  /** Opens and closes sockets until `port` is open where it is to be. */
  align(port: number): void {
    const open = this.#open.get(port) ?? new Map<string, Socket>();
    const wanted = this.#ended ? [] : this.#options.addresses(port);
    for (const [address, socket] of open) {
      if (wanted.includes(address)) continue;
      open.delete(address);
      this.#close(port, socket);
    }
    const errors = this.#closing.has(port) ? undefined : this.#openAll(port, wanted, open);
    if (open.size > 0) this.#open.set(port, open);
    else this.#open.delete(port);
    if (errors !== undefined) this.#noteFailures(port, errors); // else it comes back when they are closed
  }

  /** Closes everything, for good. */
  async end(): Promise<void> {
    this.#ended = true;
    for (const port of [...this.#open.keys()]) this.align(port);
    await Promise.all(this.#closed);
  }

  #openAll(port: number, wanted: readonly string[], open: Map<string, Socket>): Error[] {
    const errors: Error[] = [];
    for (const address of wanted) {
      if (open.has(address)) continue;
      try {
        open.set(address, this.#serve(port, address));
        this.#options.log.debug("Answering health checks", { address, port });
      } catch (cause) {
        const at = joinHostPort(address, port);
        errors.push(new Error(`Cannot listen on "${at}" for health checks`, { cause }));
      }
    }
    return errors;
  }

  /** Logs a failure once, and its end; reports every attempt that failed. */
  #noteFailures(port: number, errors: readonly Error[]): void {
    const { log, onFailure } = this.#options;
    const [error] = errors;
    if (error === undefined) {
      const wasFailing = this.#failures.delete(port);
      if (wasFailing && this.#open.has(port)) log.info("Health checks are answered now", { port });
      return;
    }
    const text = errors.map(({ message, cause }) => `${message}: ${cause}`).join();
    if (this.#failures.get(port) !== text) {
      log.error("Cannot answer health checks, trying again", { port, error });
    }
    this.#failures.set(port, text);
    onFailure(port, error);
  }

  /** Throws when the address cannot be bound. */
  #serve(port: number, address: string): Socket {
    const { answer, admits, clock, log } = this.#options;
    const stop = new AbortController();
    const finished = serveListener(Deno.listen({ hostname: address, port }), {
      name: "health checks",
      admits: ({ hostname }) => admits(port, unmapped(hostname)),
      handler: (_request, { hostname }) => answer(port, familyOf(unmapped(hostname))),
      limit: this.#limit,
      clock,
      log,
    }, stop.signal);
    return { stop, finished };
  }

  #close(port: number, { stop, finished }: Socket): void {
    this.#closing.set(port, (this.#closing.get(port) ?? 0) + 1);
    stop.abort();
    const closed = finished.finally(() => {
      this.#closed.delete(closed);
      const others = (this.#closing.get(port) ?? 1) - 1;
      if (others > 0) return void this.#closing.set(port, others);
      this.#closing.delete(port);
      this.align(port);
    });
    this.#closed.add(closed);
  }
}

/** Returns an IPv4 address for one in its IPv6 form, as which IPv6 sockets know it. */
function unmapped(hostname: string): string {
  return normaliseAddress(hostname) ?? hostname;
}

function joinHostPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
