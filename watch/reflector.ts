import { ApiError } from "./api_error.ts";
import { Backoff } from "./backoff.ts";
import { Deadline, SilenceError } from "./deadline.ts";
import { EventTaker, NoStreamingError } from "./event_taker.ts";
import { explain } from "./explain.ts";
import { continues, currentMoment } from "./history.ts";
import { Intake } from "./intake.ts";
import { readLines } from "./lines.ts";
import { readPagedList } from "./paged_list.ts";
import {
  REFLECTOR_TIMING,
  type ReflectorOptions,
  type ReflectorTiming,
} from "./reflector_options.ts";
import { requestPath } from "./resource.ts";

/** Where in the server's history the sink stands. */
interface Position {
  /** Undefined: nowhere, a complete list is needed. */
  version?: string | undefined;
  /** The history that `version` belongs to (see `Moment`); undefined: not known. */
  lineage?: string | undefined;
  /** The last connection ended in an unusual way: what answers next may have other data. */
  doubtful: boolean;
}

/** More than the largest object: etcd takes 1.5 MB. */
const LINE_BYTES = 32 * 1024 * 1024;
/** Seconds by which a watch may end early and still count as having run its time. */
const TOLERANCE_S = 10;
/** Milliseconds between two lists that are begun without a wait. */
const START_OVER_MS = 60_000;
/** A watch that ends within these milliseconds is not opened again without a wait. */
const AT_ONCE_MS = 1000;

const WATCH = { watch: "1", allowWatchBookmarks: "true" };
const STREAMING_LIST = { sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan" };

/**
 * Mirrors one kind of object from the API server into a sink, for ever.
 *
 * It asks for a streaming list (KEP-3157): the complete state, a bookmark that ends it, then changes on the same
 * stream; where the server does not do that, for a paginated list and then a watch. A watch goes on from the last
 * resource version when its connection ends, and from a new complete list when that version is gone. Until such a
 * list is complete the sink keeps what it has.
 */
export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #timing: ReflectorTiming;
  readonly #intake: Intake;
  readonly #backoff: Backoff;
  #position: Position = { doubtful: false };
  /** When streaming lists may be asked for, on the monotonic clock. */
  #streamingFrom = -Infinity;
  /** When the open connection was opened, on the monotonic clock. */
  #opened = Infinity;
  /** When a list was last begun at once after the position was lost, on the monotonic clock. */
  #startedOver = -Infinity;

  constructor(options: ReflectorOptions) {
    const { resource, sink, log, held, onSkipped } = options;
    this.#options = options;
    this.#timing = { ...REFLECTOR_TIMING, ...options.timing };
    this.#intake = new Intake({ kind: resource.kind, sink, log, held, onSkipped });
    this.#backoff = new Backoff({ random: options.random });
  }

  /** Runs until `signal` aborts. Does not reject on account of the server. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#proceed(signal);
      } catch (error) {
        if (!signal.aborted) await this.#options.clock.sleep(this.#waitAfter(error), signal);
      }
    }
  }

  /** Goes on from the position, up to the end of one watch. */
  async #proceed(signal: AbortSignal): Promise<void> {
    this.#opened = Infinity;
    await this.#checkHistory(signal);
    const { version } = this.#position;
    if (version !== undefined) return await this.#watch(version, signal);
    this.#position = { doubtful: false };
    if (this.#options.clock.monotonic() >= this.#streamingFrom) return await this.#stream(signal);
    await this.#watch(await this.#listPages(signal), signal);
  }

  /** Gives up the position when whoever answers now does not know the history that it belongs to. */
  async #checkHistory(signal: AbortSignal): Promise<void> {
    const { version, lineage, doubtful } = this.#position;
    if (version === undefined || !doubtful) return;
    const { client, resource, log } = this.#options;
    const now = lineage === undefined ? undefined : await currentMoment(client, signal);
    this.#position = { version, lineage, doubtful: false };
    if (continues(now, lineage, version)) return;
    this.#position = { doubtful: false };
    log.info("Listing anew, as the API server may have other data than before", {
      kind: resource.kind,
    });
  }

  /** Learns which history the position belongs to, over the same connection. Not to know it costs a list later. */
  async #learnHistory(signal: AbortSignal): Promise<void> {
    if (this.#position.lineage !== undefined) return;
    try {
      const moment = await currentMoment(this.#options.client, signal);
      if (!signal.aborted) this.#position.lineage = moment?.lineage;
    } catch { /* the watch itself will tell what is wrong */ }
  }

  async #listPages(signal: AbortSignal): Promise<string> {
    const { client, resource, clock, sink } = this.#options;
    const listing = this.#intake.list();
    const version = await readPagedList({
      client,
      resource,
      clock,
      silenceMs: this.#timing.listSilenceMs,
      onHeard: () => sink.heard(resource.kind),
      signal,
    }, listing);
    listing.commit();
    this.#position.version = version;
    return version;
  }

  /** Reads a streaming list and then the changes that follow it. */
  async #stream(signal: AbortSignal): Promise<void> {
    const listing = this.#intake.list();
    const taker = new EventTaker(this.#intake, { listing });
    try {
      await this.#follow(taker, STREAMING_LIST, signal);
    } catch (error) {
      if (taker.live || !this.#meansNoStreaming(error)) throw error;
      throw new NoStreamingError((error as Error).message, { cause: error });
    }
  }

  /** Watches from `version` on. */
  async #watch(version: string, signal: AbortSignal): Promise<void> {
    const taker = new EventTaker(this.#intake, { version });
    await this.#follow(taker, { resourceVersion: version }, signal);
  }

  /** Hands the lines of one watch to `taker` until the server ends it. */
  async #follow(
    taker: EventTaker,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    const { client, clock, resource, sink, random } = this.#options;
    const seconds = 300 + Math.floor(random() * 300);
    using deadline = new Deadline(clock, signal);
    const path = requestPath(resource, { ...WATCH, ...query, timeoutSeconds: String(seconds) });
    const response = await client.request(path, { signal: deadline.signal });
    this.#opened = clock.monotonic();
    const learning = this.#learnHistory(deadline.signal);
    const patience = () => taker.live ? this.#timing.silenceMs : this.#timing.listSilenceMs;
    deadline.allow(patience());
    try {
      for await (const lines of readLines(response.body ?? new ReadableStream(), LINE_BYTES)) {
        sink.heard(resource.kind);
        for (const line of lines) taker.take(line);
        deadline.allow(patience());
      }
    } catch (error) {
      if (deadline.silence !== undefined) client.distrust(response);
      throw deadline.silence ?? error;
    } finally {
      this.#position.version = taker.version;
      deadline[Symbol.dispose]();
      await learning;
    }
    this.#judgeEnd(taker, seconds);
  }

  /** Takes the end of a watch as what it is: its time was up, or something is wrong. */
  #judgeEnd(taker: EventTaker, seconds: number): void {
    if (!taker.live) throw new NoStreamingError("the stream ended before the list was complete");
    const lived = this.#options.clock.monotonic() - this.#opened;
    if (lived < AT_ONCE_MS) throw new Error("the server ended the watch at once");
    if (lived >= this.#timing.healthyMs) this.#backoff.reset();
    this.#position.doubtful = lived < (seconds - TOLERANCE_S) * 1000;
  }

  /** A refusal of the parameters; or an answer that has begun and then says nothing, or not what was asked for. */
  #meansNoStreaming(error: unknown): boolean {
    if (error instanceof ApiError) return error.isInvalid;
    return error instanceof NoStreamingError ||
      error instanceof SilenceError && this.#opened !== Infinity;
  }

  /** Decides what a failure means for the position, and returns the milliseconds to wait. */
  #waitAfter(error: unknown): number {
    const { clock, log, resource, client } = this.#options;
    this.#position.doubtful = true;
    if (clock.monotonic() - this.#opened >= this.#timing.healthyMs) this.#backoff.reset();
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
      error.isInvalid && this.#position.version !== undefined;
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
    this.#position = { doubtful: false };
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
    this.#position = { doubtful: false };
    this.#intake.list().commit();
    const wait = this.#timing.absentRetryMs;
    log.info("The API server does not have this kind", {
      kind: resource.kind,
      retryInMs: wait,
    });
    return wait;
  }
}
