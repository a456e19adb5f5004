import type { Clock } from "../model/clock.ts";
import { FAMILIES, type Family } from "../model/family.ts";
import { type Kind, KINDS } from "../model/objects.ts";
import type { Store } from "../watch/store.ts";
import { formatTime, type Health, type HealthReport, nodeEligible } from "./health.ts";
import { REQUIRED_KINDS } from "./sources_ready.ts";
import type { StandingFindings } from "./standing_findings.ts";

/** Milliseconds after which a silent source is a reason: twice what a reflector bears before it opens a new watch. */
const SILENT_MS = 300_000;

/** Findings that are listed one by one. */
const MOST_LISTED = 20;

/** What readiness is judged by. */
export interface ReadinessOptions {
  readonly health: Pick<Health, "familyHealth" | "node">;
  /** Its times are of the clock's `monotonic()`. */
  readonly store: Store;
  readonly findings: StandingFindings;
  /** The families that are to be programmed. */
  readonly families: readonly Family[];
  readonly nodeName: string;
  readonly clock: Clock;
}

/**
 * Says whether the rules in the kernel are those that the cluster asks for, as far as weir knows, and why not.
 *
 * It is stricter than `/healthz`, which load balancers and kubelets act upon: one failed sync is a reason, and so is an
 * API server that was not heard of for five minutes. What is wrong with single objects is told, and is no reason.
 */
export class Readiness {
  readonly #options: ReadinessOptions;

  constructor(options: ReadinessOptions) {
    this.#options = options;
  }

  /** Returns why the answer is no, a sentence each; nothing when it is yes. */
  reasons(): readonly string[] {
    return [
      ...REQUIRED_KINDS.flatMap((kind) => this.#aboutSource(kind)),
      ...this.#options.families.flatMap((family) => this.#aboutFamily(family)),
    ];
  }

  /**
   * Answers `/readyz`. With `detail` it names objects and quotes errors, which is not for everybody on the network.
   */
  report({ detail }: { readonly detail: boolean }): HealthReport {
    const { clock, findings, nodeName, health } = this.#options;
    const reasons = this.reasons();
    const body = {
      ready: reasons.length === 0,
      reasons,
      currentTime: formatTime(clock.now()),
      node: {
        name: nodeName,
        seen: health.node !== undefined,
        eligible: nodeEligible(health.node),
      },
      sources: Object.fromEntries(KINDS.map((kind) => [kind, this.#source(kind)])),
      families: this.#byFamily((family) => this.#family(family, detail)),
      findings: {
        ...this.#byFamily((family) => findings.counts(family)),
        ...(detail ? { list: findings.list(MOST_LISTED) } : {}),
      },
    };
    const status = reasons.length === 0 ? 200 : 503;
    return { status, body: `${JSON.stringify(body, undefined, 2)}\n` };
  }

  #byFamily<Facts>(factsOf: (family: Family) => Facts): Partial<Record<Family, Facts>> {
    const families = FAMILIES.filter((family) => this.#options.families.includes(family));
    return Object.fromEntries(families.map((family) => [family, factsOf(family)]));
  }

  #source(kind: Kind) {
    const { store } = this.#options;
    return { synced: store.isSynced([kind]), silentSeconds: toSeconds(this.#silentMs(kind)) };
  }

  #family(family: Family, detail: boolean) {
    const facts = this.#options.health.familyHealth(family);
    return {
      lastSync: facts?.syncedAt === undefined ? null : formatTime(facts.syncedAt),
      oldestPendingChangeSeconds: toSeconds(facts?.pendingMs ?? 0),
      failuresInARow: facts?.failures ?? 0,
      ...(detail && facts?.error !== undefined ? { error: facts.error } : {}),
    };
  }

  #aboutSource(kind: Kind): string[] {
    if (!this.#options.store.isSynced([kind])) {
      return [`The first list of kind ${kind} is not there yet`];
    }
    const silent = this.#silentMs(kind) ?? 0;
    if (silent < SILENT_MS) return [];
    return [`Nothing was heard of kind ${kind} for ${Math.round(silent / 1000)} s`];
  }

  #aboutFamily(family: Family): string[] {
    const facts = this.#options.health.familyHealth(family);
    const { failures = 0, pendingMs = 0 } = facts ?? {};
    return [
      ...(facts?.syncedAt === undefined ? [`${family}: no sync has succeeded yet`] : []),
      ...(failures > 0 ? [`${family}: the last ${count(failures, "sync")} failed`] : []),
      ...(facts?.healthy === false
        ? [`${family}: a change has been waiting for ${Math.round(pendingMs / 1000)} s`]
        : []),
    ];
  }

  #silentMs(kind: Kind): number | undefined {
    const { store, clock } = this.#options;
    const heard = store.lastHeard(kind);
    return heard === undefined ? undefined : clock.monotonic() - heard;
  }
}

/** JSON has no undefined: null stands for "never". */
function toSeconds(milliseconds: number | undefined): number | null {
  return milliseconds === undefined ? null : Math.round(milliseconds) / 1000;
}

function count(number: number, noun: string): string {
  return number === 1 ? noun : `${number} ${noun}s`;
}
