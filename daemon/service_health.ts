import type { Logger } from "@logtape/logtape";
import type { Transition } from "../model/advance.ts";
import type { Clock } from "../model/clock.ts";
import { FAMILIES, type Family } from "../model/family.ts";
import type { HealthCheck } from "../model/health_check.ts";
import type { ObjectKey } from "../model/objects.ts";
import { plainText } from "./http_routes.ts";
import {
  bindAddresses,
  isWanted,
  type ListenAddresses,
  type PortAddresses,
} from "./service_health_addresses.ts";
import { serviceHealthAnswer } from "./service_health_answer.ts";
import { HealthCheckClaims } from "./service_health_claims.ts";
import { HealthSockets } from "./service_health_sockets.ts";
import type { SyncObserver } from "./sync_observer.ts";

/** Milliseconds between two attempts to bind what could not be bound. */
const RETRY_MS = 5_000;

/** What service health checks are answered with. */
export interface ServiceHealthOptions {
  /** Tells whether the proxy keeps up, in all families. */
  readonly healthy: () => boolean;
  /** Returns where health checks are answered now; asked after every sync. */
  readonly addresses: (family: Family) => ListenAddresses;
  /** See `wildcardIsIPv6Only`. */
  readonly ipv6Only: boolean;
  readonly report: ServiceHealthReport;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Who wants to know what goes wrong. */
export interface ServiceHealthReport {
  /** The port of a Service could not be bound. Called at every attempt. */
  failed(check: HealthCheck, error: Error): void;
  /** A Service claims the port that an older one has. */
  lost(check: HealthCheck, winner: HealthCheck): void;
  /** How many ports more than one Service claims, and how many cannot be bound. */
  counted(counts: { readonly contested: number; readonly failing: number }): void;
}

/** What is known of one family. */
interface Side {
  readonly claims: HealthCheckClaims;
  /** What syncs that have not succeeded yet want to change. */
  readonly pending: Map<ObjectKey, HealthCheck | undefined>;
  addresses: ListenAddresses;
}

/**
 * Answers load balancers that ask whether this node has endpoints of a Service (`spec.healthCheckNodePort`).
 *
 * It follows the syncs of each family through an observer, so that it says what is in force in the kernel, at a cost of
 * O(changed Services) a sync. A port that two Services claim is the older one's; the other one takes over without a
 * gap. What cannot be bound is tried again at every sync and every 5 s. The addresses are followed while it runs, where
 * kube-proxy keeps those that it found at its start.
 */
export class ServiceHealth {
  readonly #options: ServiceHealthOptions;
  readonly #sides: Readonly<Record<Family, Side>> = { IPv4: newSide(), IPv6: newSide() };
  /** The conflicts that were reported, by family and port. */
  readonly #conflicts = new Map<string, string>();
  readonly #sockets: HealthSockets;

  constructor(options: ServiceHealthOptions) {
    this.#options = options;
    this.#sockets = new HealthSockets({
      addresses: (port) => bindAddresses(this.#wantedOn(port), options.ipv6Only),
      admits: (port, address) => isWanted(this.#wantedOn(port), address),
      answer: (port, family) => this.#answer(port, family),
      onFailure: (port, error) => {
        const check = this.#checkOn(port);
        if (check !== undefined) options.report.failed(check, error);
      },
      clock: options.clock,
      log: options.log,
    });
  }

  /** Returns what tells this about the syncs of `family`. */
  observer(family: Family): SyncObserver {
    return {
      derived: (transition) => this.#note(this.#sides[family], transition),
      synced: () => this.#commit(family),
      failed() {},
      untidy() {},
    };
  }

  /** Tries failed ports again until `signal` aborts, and closes everything then. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#options.clock.sleep(RETRY_MS, signal);
      if (!signal.aborted) this.#align(this.#sockets.failing);
    }
    await this.#sockets.end();
  }

  #note({ claims, pending }: Side, { services, next }: Transition): void {
    for (const key of services) {
      const check = next.services.get(key)?.healthCheck;
      if (check !== undefined || claims.has(key)) pending.set(key, check);
      else pending.delete(key);
    }
  }

  #commit(family: Family): void {
    const side = this.#sides[family];
    const touched = new Set<number>();
    for (const [service, check] of side.pending) {
      for (const port of side.claims.put(service, check)) touched.add(port);
    }
    side.pending.clear();
    for (const port of touched) this.#judge(family, port);
    const moved = this.#lookAround(family) ? side.claims.ports() : [];
    this.#align([...touched, ...moved, ...this.#sockets.failing]);
  }

  #align(ports: Iterable<number>): void {
    for (const port of new Set(ports)) this.#sockets.align(port);
    const failing = this.#sockets.failing.length;
    this.#options.report.counted({ contested: this.#conflicts.size, failing });
  }

  /** Takes in the node's addresses. Returns whether they differ from those before. */
  #lookAround(family: Family): boolean {
    const side = this.#sides[family];
    if (side.claims.isEmpty) return false;
    const before = side.addresses;
    side.addresses = this.#options.addresses(family);
    return String(side.addresses) !== String(before);
  }

  /** Reports who loses `port`, once for each time that the claims on it change. */
  #judge(family: Family, port: number): void {
    const key = `${family} ${port}`;
    const [winner, ...losers] = this.#sides[family].claims.on(port);
    if (winner === undefined || losers.length === 0) return void this.#conflicts.delete(key);
    const names = losers.map((loser) => `"${loser.service}"`).join(", ");
    const text = `Health check port ${port} is claimed by more than one Service: ` +
      `"${winner.service}" is the oldest and has it, not ${names}`;
    if (this.#conflicts.get(key) === text) return;
    this.#conflicts.set(key, text);
    this.#options.log.warn(text, { family });
    for (const loser of losers) this.#options.report.lost(loser, winner);
  }

  #wantedOn(port: number): PortAddresses {
    const of = (family: Family): ListenAddresses => {
      const { claims, addresses } = this.#sides[family];
      return claims.on(port).length > 0 ? addresses : [];
    };
    return { IPv4: of("IPv4"), IPv6: of("IPv6") };
  }

  #answer(port: number, family: Family): Response {
    const [check] = this.#sides[family].claims.on(port);
    if (check === undefined) return plainText("404 page not found\n", 404); // the Service has gone since
    return serviceHealthAnswer(check, this.#options.healthy());
  }

  /** The Service that has `port`, in whichever family. */
  #checkOn(port: number): HealthCheck | undefined {
    return FAMILIES.map((family) => this.#sides[family].claims.on(port)[0])
      .find((check) => check !== undefined);
  }
}

function newSide(): Side {
  return { claims: new HealthCheckClaims(), pending: new Map(), addresses: [] };
}
