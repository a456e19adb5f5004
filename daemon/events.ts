import type { Logger } from "@logtape/logtape";
import type { Clock } from "../model/clock.ts";
import { ApiError } from "../watch/api_error.ts";
import { Backoff } from "../watch/backoff.ts";
import type { EventNotice, EventWriter } from "../watch/event_writer.ts";
import { EventBudget } from "./event_budget.ts";

/** Milliseconds after a write during which the same notice is counted only. */
const REPEAT_MS = 300_000;

/** Milliseconds between two writes: five a second is kube-proxy's default `clientConnection.qps`. */
const PAUSE_MS = 200;

/** Notices that wait to be written; more are dropped. */
const MOST_WAITING = 1_000;

/** Notices that are kept in mind, to tell repeated ones. */
const MOST_KNOWN = 4_096;

/** Attempts to write one, with waits of up to 30 s between them: about five minutes of an absent API server. */
const ATTEMPTS = 12;

/** What a recorder works with. */
export interface EventRecorderOptions {
  /** Absent where there is no API server: nothing is recorded then. */
  readonly writer: EventWriter | undefined;
  /** A number from 0 to 1, for jitter. @default {Math.random} */
  readonly random?: () => number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** A notice that was recorded, and how often. Times of the wall clock, except `quietUntil`. */
interface Known {
  readonly notice: EventNotice;
  readonly first: number;
  last: number;
  count: number;
  /** Until this monotonic time it is counted only; Infinity while it waits to be written. */
  quietUntil: number;
}

/**
 * Tells people about objects through Events, at a rate that no API server minds.
 *
 * {@linkcode record} never waits and never fails. The same notice is written at most every five minutes, and about one
 * object no more than {@linkcode EventBudget} allows; when the API server is away some wait for it, and others are lost.
 */
export class EventRecorder {
  readonly #options: EventRecorderOptions;
  readonly #budget: EventBudget;
  readonly #known = new Map<string, Known>();
  readonly #waiting: Known[] = [];
  #wake: (() => void) | undefined;
  #writing = false;
  /** Who waits for everything to be written. */
  #untilIdle = Promise.withResolvers<void>();
  #refused = false;

  constructor(options: EventRecorderOptions) {
    this.#options = options;
    this.#budget = new EventBudget(options.clock);
  }

  /** Takes a notice to be written soon. */
  record(notice: EventNotice): void {
    const { writer, clock, log } = this.#options;
    if (writer === undefined) return;
    const known = this.#note(notice);
    if (clock.monotonic() < known.quietUntil) return;
    const { kind, namespace, name } = notice.regarding;
    if (!this.#budget.take(`${kind} ${namespace}/${name}`)) return;
    if (this.#waiting.length >= MOST_WAITING) {
      log.debug("Dropped an Event, too many wait", { kind, namespace, name, note: notice.note });
      return;
    }
    known.quietUntil = Infinity;
    if (!this.#writing && this.#waiting.length === 0) this.#untilIdle = Promise.withResolvers();
    this.#waiting.push(known);
    this.#wake?.();
  }

  /** Resolves when what was recorded is written or given up, or when `signal` aborts: for the last words of a process. */
  async settled(signal: AbortSignal): Promise<void> {
    if (this.#waiting.length === 0 && !this.#writing) return;
    const stopped = new Promise<void>((resolve) =>
      signal.addEventListener("abort", () => resolve(), { once: true })
    );
    await Promise.race([this.#untilIdle.promise, stopped]);
  }

  /** Writes what is recorded until `signal` aborts. What waits then is lost. */
  async run(signal: AbortSignal): Promise<void> {
    const { writer, clock } = this.#options;
    if (writer === undefined) return;
    signal.addEventListener("abort", () => this.#wake?.(), { once: true });
    while (!signal.aborted) {
      const next = this.#waiting.shift();
      this.#writing = next !== undefined;
      if (next === undefined) {
        this.#untilIdle.resolve();
        await new Promise<void>((resolve) => this.#wake = resolve);
        continue;
      }
      await this.#deliver(writer, next, signal);
      next.quietUntil = clock.monotonic() + REPEAT_MS;
      await clock.sleep(PAUSE_MS, signal);
    }
  }

  /** Counts a notice. The one that was not heard of for the longest time is forgotten when there are too many. */
  #note(notice: EventNotice): Known {
    const { clock } = this.#options;
    const id = JSON.stringify(notice);
    const now = clock.now();
    const known = this.#known.get(id) ??
      { notice, first: now, last: now, count: 0, quietUntil: -Infinity };
    known.count++;
    known.last = now;
    this.#known.delete(id);
    this.#known.set(id, known);
    for (const [oldest] of this.#known) {
      if (this.#known.size <= MOST_KNOWN) break;
      this.#known.delete(oldest);
    }
    return known;
  }

  async #deliver(writer: EventWriter, known: Known, signal: AbortSignal): Promise<void> {
    const { clock, random = Math.random } = this.#options;
    const backoff = new Backoff({ random });
    for (let attempt = 1; !signal.aborted; attempt++) {
      try {
        return await writer.write(known.notice, known, signal);
      } catch (error) {
        if (signal.aborted) return;
        if (attempt === ATTEMPTS || !mayPass(error)) return this.#giveUp(known, error);
        await clock.sleep(Math.max(backoff.next(), waitOf(error)), signal);
      }
    }
  }

  /** Logs loudly only once: an account that may not write Events may not write any of them. */
  #giveUp({ notice }: Known, error: unknown): void {
    const { reason, regarding, note } = notice;
    const { kind, namespace, name } = regarding;
    const level = this.#refused ? "debug" : "warn";
    this.#refused = true;
    this.#options.log[level]("Cannot write an Event", {
      reason,
      kind,
      object: namespace === "" ? name : `${namespace}/${name}`,
      note,
      error,
    });
  }
}

/** Tells whether the same request may be accepted later. */
function mayPass(error: unknown): boolean {
  if (!(error instanceof ApiError)) return true;
  return error.code >= 500 || error.code === 429 || error.code === 401;
}

function waitOf(error: unknown): number {
  return error instanceof ApiError ? error.retryAfterMs ?? 0 : 0;
}
