import { ApiError } from "./api_error.ts";
import { Backoff } from "./backoff.ts";
import { SilenceError } from "./deadline.ts";
import { NoStreamingError } from "./event_taker.ts";
import { explain } from "./explain.ts";
import type { Intake } from "./intake.ts";
import { TooLongError } from "./pieces.ts";
import { Position } from "./position.ts";
import { WireError } from "./protobuf/wire_reader.ts";
import type { ReflectorOptions, ReflectorTiming } from "./reflector_options.ts";

/** Milliseconds between two lists that are begun without a wait. */
const START_OVER_MS = 60_000;
/** A watch that ends within these milliseconds is not opened again without a wait. */
const AT_ONCE_MS = 1000;
/** Seconds by which a watch may end early and still count as having run its time. */
const TOLERANCE_S = 10;

/**
 * What a reflector knows of its server from how things went: where it stands, what the server can do, and how long to
 * wait before the next attempt.
 */
export class Course {
  readonly position = new Position();
  readonly #options: ReflectorOptions;
  readonly #timing: ReflectorTiming;
  readonly #intake: Intake;
  readonly #backoff: Backoff;
  /** When streaming lists may be asked for, on the monotonic clock. */
  #streamingFrom = -Infinity;
  /** When the open connection was opened, on the monotonic clock. */
  #opened = Infinity;
  #readsProtobuf = true;
  /** When a list was last begun at once after the position was lost, on the monotonic clock. */
  #startedOver = -Infinity;

  /** `intake` is told when there are no objects of the kind. */
  constructor(options: ReflectorOptions, timing: ReflectorTiming, intake: Intake) {
    this.#options = options;
    this.#timing = timing;
    this.#intake = intake;
    this.#backoff = new Backoff({ random: options.random });
  }

  /** True unless the server has shown a while ago that it does not stream lists. */
  get mayStream(): boolean {
    return this.#options.clock.monotonic() >= this.#streamingFrom;
  }

  /** True until something came as protobuf that could not be read. */
  get readsProtobuf(): boolean {
    return this.#readsProtobuf;
  }

  /** Begins an attempt: there is no connection. */
  begin(): void {
    this.#opened = Infinity;
  }

  /** The server has begun to answer. */
  open(): void {
    this.#opened = this.#options.clock.monotonic();
  }

  /** Takes the end of a watch that was to last `seconds` as what it is: its time was up, or something is wrong. */
  judgeEnd(seconds: number): void {
    const lived = this.#options.clock.monotonic() - this.#opened;
    if (lived < AT_ONCE_MS) throw new Error("the server ended the watch at once");
    if (lived >= this.#timing.healthyMs) this.#backoff.reset();
    this.position.doubtful = lived < (seconds - TOLERANCE_S) * 1000;
  }

  /**
   * Tells a server that does not stream lists: by a refusal of the parameters; or by an answer that has begun and then
   * says nothing, or not what was asked for.
   */
  meansNoStreaming(error: unknown): boolean {
    if (error instanceof ApiError) return error.isInvalid;
    return error instanceof NoStreamingError ||
      error instanceof SilenceError && this.#opened !== Infinity;
  }

  /** Decides what a failure means for the position, and returns the milliseconds to wait. */
  waitAfter(error: unknown): number {
    const { clock, log, resource, client } = this.#options;
    this.position.doubtful = true;
    if (clock.monotonic() - this.#opened >= this.#timing.healthyMs) this.#backoff.reset();
    if (this.#readsProtobuf && isAboutEncoding(error)) this.#giveUpProtobuf(error);
    if (error instanceof NoStreamingError) return this.#giveUpStreaming(error);
    if (error instanceof ApiError && this.#losesPosition(error)) return this.#startOver(error);
    if (resource.optional && error instanceof ApiError) {
      if (error.code === 404) return this.#treatAsAbsent();
      if (error.code === 403 && !this.#intake.synced) this.#intake.list().commit();
    }
    const asked = error instanceof ApiError ? error.retryAfterMs ?? 0 : 0;
    const wait = Math.max(asked, this.#backoff.next());
    log.warn("Cannot list and watch, trying again", {
      kind: resource.kind,
      server: client.server,
      error: explain(error, resource),
      retryInMs: wait,
    });
    return wait;
  }

  /** The version is too old, of another server's future, or not one at all. */
  #losesPosition(error: ApiError): boolean {
    return error.isExpired || error.isAhead ||
      error.isInvalid && this.position.version !== undefined;
  }

  #giveUpProtobuf(error: Error): void {
    this.#readsProtobuf = false;
    this.#options.log.info("Asking for JSON, as there is no reading protobuf from the API server", {
      kind: this.#options.resource.kind,
      reason: error.message,
    });
  }

  #giveUpStreaming(error: Error): number {
    const { clock, log, resource } = this.#options;
    this.#streamingFrom = clock.monotonic() + this.#timing.streamingRetryMs;
    log.info("Listing in pages, as the API server does not stream lists", {
      kind: resource.kind,
      reason: error.message,
    });
    return 0;
  }

  /** Needs a new list: at once, unless that was done a moment ago. */
  #startOver(error: ApiError): number {
    const { clock, log, resource } = this.#options;
    this.position.lose();
    const now = clock.monotonic();
    const wait = now - this.#startedOver >= START_OVER_MS ? 0 : this.#backoff.next();
    if (wait === 0) this.#startedOver = now;
    log.info("Listing anew, as the watch cannot go on", {
      kind: resource.kind,
      reason: error.message,
      retryInMs: wait,
    });
    return wait;
  }

  /** The server is too old to have this kind: there are no such objects. */
  #treatAsAbsent(): number {
    const { log, resource } = this.#options;
    this.position.lose();
    this.#intake.list().commit();
    const wait = this.#timing.absentRetryMs;
    log.info("The API server does not have this kind", {
      kind: resource.kind,
      retryInMs: wait,
    });
    return wait;
  }
}

/** Tells whether an answer in another encoding may do better. */
function isAboutEncoding(error: unknown): error is Error {
  return error instanceof WireError || error instanceof TooLongError ||
    error instanceof ApiError && error.code === 406;
}
