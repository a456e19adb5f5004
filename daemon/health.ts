import type { Clock } from "../model/clock.ts";
import { FAMILIES, type Family } from "../model/family.ts";
import type { NodeObject } from "../model/objects.ts";

/** The taint that the cluster autoscaler puts on a node that it is about to remove. */
const TO_BE_DELETED = "ToBeDeletedByClusterAutoscaler";

/** How Go prints a time that was never set. */
const ZERO_TIME = "0001-01-01T00:00:00Z";

/** What a health path says: `/healthz` looks at the node too, `/livez` at the proxy alone. */
export type HealthCheck = "healthz" | "livez";

/** The answer of a health path. */
export interface HealthReport {
  readonly status: 200 | 503;
  /** One line of JSON without a newline, members in kube-proxy's order. */
  readonly body: string;
}

/** What is known of one family's sync loop. */
interface Progress {
  /** When the loop began or a sync last succeeded, of the wall clock, for people to read; undefined before. */
  updatedAt: number | undefined;
  /** The same of the last sync that succeeded. */
  syncedAt: number | undefined;
  /** Monotonic time of the oldest request that no sync has taken in yet. */
  queuedSince: number | undefined;
  /** The same of the oldest request that a sync took in without having succeeded since. */
  takenSince: number | undefined;
  failures: number;
  error: string | undefined;
}

/** How one family's sync loop is doing, for people to read. */
export interface FamilyHealth {
  readonly healthy: boolean;
  /** Wall clock, milliseconds; undefined before the first sync that succeeded. */
  readonly syncedAt: number | undefined;
  /** Milliseconds that the oldest change waits for the kernel; 0 when nothing waits. */
  readonly pendingMs: number;
  /** Syncs that have failed since the last one that succeeded, and what the last of them said. */
  readonly failures: number;
  readonly error: string | undefined;
}

/**
 * Knows whether the proxy keeps up with what it is asked to do, and whether its node is to get traffic.
 *
 * A family is unhealthy when its loop has begun and a request has waited for `staleMs` or longer without a successful
 * sync that began after it. With nothing queued it is healthy, however old the last sync is, and however slow: what
 * counts is the age of the oldest change that is not in the kernel. A sync that nobody asked for counts as a change
 * while it hangs or fails. Ages are taken from the monotonic clock, so that setting the wall clock makes nobody
 * unhealthy. Source: kube-proxy's `pkg/proxy/healthcheck/proxy_health.go`, KEP-3836 and KEP-3458; kube-proxy also
 * forgets what was queued while a sync was under way.
 */
export class Health {
  readonly #clock: Clock;
  readonly #staleMs: number;
  readonly #progress = new Map<Family, Progress>();
  #node: NodeObject | undefined;

  /** `staleMs` is how long a request may wait, in milliseconds: 2 x `syncPeriod` in kube-proxy. */
  constructor(options: { readonly clock: Clock; readonly staleMs: number }) {
    this.#clock = options.clock;
    this.#staleMs = options.staleMs;
  }

  /** The loop of `family` began: what was queued before is as old as this moment. */
  begun(family: Family): void {
    const progress = this.#of(family);
    progress.updatedAt = this.#clock.now();
    progress.queuedSince = undefined;
  }

  /** A sync of `family` was asked for. */
  queued(family: Family): void {
    this.#of(family).queuedSince ??= this.#clock.monotonic();
  }

  /** A sync of `family` began, which takes in all that was asked for up to now. */
  started(family: Family): void {
    const progress = this.#of(family);
    progress.takenSince ??= progress.queuedSince ?? this.#clock.monotonic();
    progress.queuedSince = undefined;
  }

  /** The sync of `family` succeeded. */
  synced(family: Family): void {
    const progress = this.#of(family);
    progress.updatedAt = progress.syncedAt = this.#clock.now();
    progress.takenSince = undefined;
    progress.failures = 0;
    progress.error = undefined;
  }

  /** The sync of `family` failed: what it took in still waits. */
  failed(family: Family, error: unknown): void {
    const progress = this.#of(family);
    progress.failures++;
    progress.error = error instanceof Error ? error.message : String(error);
  }

  /** Tells how `family` is doing; undefined before its loop began. */
  familyHealth(family: Family): FamilyHealth | undefined {
    const { updatedAt, syncedAt, failures, error } = this.#of(family);
    if (updatedAt === undefined) return undefined;
    const healthy = this.#healthy(family);
    return { healthy, syncedAt, pendingMs: this.#pendingMs(family), failures, error };
  }

  /** The node as it was last seen. */
  get node(): NodeObject | undefined {
    return this.#node;
  }

  /** The node was seen. Its removal is no news: kube-proxy goes by the last object that it saw. */
  observeNode(node: NodeObject | undefined): void {
    this.#node = node ?? this.#node;
  }

  /** Tells whether every family keeps up. */
  healthy(): boolean {
    return FAMILIES.every((family) => this.#healthy(family));
  }

  /** Answers a health check. */
  report(check: HealthCheck): HealthReport {
    const healthy = this.healthy();
    const eligible = check === "livez" || nodeEligible(this.#node);
    const now = this.#clock.now();
    const good = healthy && eligible;
    const status = this.#status();
    const body = {
      lastUpdated: good ? formatTime(now) : formatTime(this.#lastUpdated()),
      currentTime: formatTime(now),
      ...(check === "healthz" ? { nodeEligible: eligible } : {}),
      healthy,
      ...(status.length > 0 ? { status: Object.fromEntries(status) } : {}),
    };
    return { status: good ? 200 : 503, body: JSON.stringify(body) };
  }

  #of(family: Family): Progress {
    let progress = this.#progress.get(family);
    if (progress === undefined) {
      progress = {
        updatedAt: undefined,
        syncedAt: undefined,
        queuedSince: undefined,
        takenSince: undefined,
        failures: 0,
        error: undefined,
      };
      this.#progress.set(family, progress);
    }
    return progress;
  }

  #healthy(family: Family): boolean {
    return this.#of(family).updatedAt === undefined || this.#pendingMs(family) < this.#staleMs;
  }

  #pendingMs(family: Family): number {
    const { takenSince, queuedSince } = this.#of(family);
    const oldest = takenSince ?? queuedSince;
    return oldest === undefined ? 0 : this.#clock.monotonic() - oldest;
  }

  #status(): [Family, { lastUpdated: string; healthy: boolean }][] {
    return FAMILIES.filter((family) => this.#of(family).updatedAt !== undefined).map((family) => [
      family,
      { lastUpdated: formatTime(this.#of(family).updatedAt), healthy: this.#healthy(family) },
    ]);
  }

  /** The latest update of any family. */
  #lastUpdated(): number | undefined {
    const times = FAMILIES.map((family) => this.#of(family).updatedAt ?? -Infinity);
    const latest = Math.max(...times);
    return latest === -Infinity ? undefined : latest;
  }
}

/** Tells whether load balancers may send traffic to `node`. A node that was never seen may not have any. */
export function nodeEligible(node: NodeObject | undefined): boolean {
  return node !== undefined && !node.deleting && !node.taints.includes(TO_BE_DELETED);
}

/**
 * Formats milliseconds since the epoch as Go's JSON encoder formats a UTC time: RFC 3339 with up to nine decimals and
 * no zeros at their end.
 */
export function formatTime(milliseconds: number | undefined): string {
  if (milliseconds === undefined) return ZERO_TIME;
  const seconds = Math.floor(milliseconds / 1000);
  const nanoseconds = Math.round((milliseconds - seconds * 1000) * 1e6);
  if (nanoseconds === 1e9) return formatTime((seconds + 1) * 1000);
  const whole = new Date(seconds * 1000).toISOString().slice(0, "2026-01-02T03:04:05".length);
  const fraction = String(nanoseconds).padStart(9, "0").replace(/0+$/, "");
  return fraction === "" ? `${whole}Z` : `${whole}.${fraction}Z`;
}
