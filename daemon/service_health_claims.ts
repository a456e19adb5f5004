import type { HealthCheck } from "../model/health_check.ts";
import type { ObjectKey } from "../model/objects.ts";

/**
 * Who has which health check port in one family.
 *
 * Every change costs O(claims on the ports that it touches). When two Services claim one port, the older one has it.
 */
export class HealthCheckClaims {
  readonly #byService = new Map<ObjectKey, HealthCheck>();
  /** Oldest Service first. */
  readonly #byPort = new Map<number, readonly HealthCheck[]>();

  /** Tells whether nobody claims anything. */
  get isEmpty(): boolean {
    return this.#byService.size === 0;
  }

  /** Tells whether `service` claims a port. */
  has(service: ObjectKey): boolean {
    return this.#byService.has(service);
  }

  /** Replaces what `service` claims. Returns the ports that this touches. */
  put(service: ObjectKey, check: HealthCheck | undefined): ReadonlySet<number> {
    const touched = new Set<number>();
    const before = this.#byService.get(service);
    if (before !== undefined) {
      const rest = this.on(before.port).filter((claim) => claim !== before);
      if (rest.length > 0) this.#byPort.set(before.port, rest);
      else this.#byPort.delete(before.port);
      this.#byService.delete(service);
      touched.add(before.port);
    }
    if (check !== undefined) {
      const claims = [...this.on(check.port), check];
      this.#byPort.set(check.port, claims.sort((a, b) => a.seniority < b.seniority ? -1 : 1));
      this.#byService.set(service, check);
      touched.add(check.port);
    }
    return touched;
  }

  /** The claims on `port`, the one that has it first. */
  on(port: number): readonly HealthCheck[] {
    return this.#byPort.get(port) ?? [];
  }

  /** All ports that somebody claims. */
  ports(): Iterable<number> {
    return this.#byPort.keys();
  }
}
