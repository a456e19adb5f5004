import { ACCEPT_JSON, ACCEPT_OBJECT, ACCEPT_WATCH } from "./content_type.ts";
import { Course } from "./course.ts";
import { EventTaker, NoStreamingError } from "./event_taker.ts";
import type { EventBatch } from "./event_stream.ts";
import { Intake } from "./intake.ts";
import { readPagedList } from "./paged_list.ts";
import {
  REFLECTOR_TIMING,
  type ReflectorOptions,
  type ReflectorTiming,
} from "./reflector_options.ts";
import { requestPath } from "./resource.ts";
import { readWatch } from "./watch_connection.ts";

const WATCH = { watch: "1", allowWatchBookmarks: "true" };
const STREAMING_LIST = { sendInitialEvents: "true", resourceVersionMatch: "NotOlderThan" };

/**
 * Mirrors one kind of object from the API server into a sink, for ever.
 *
 * It asks for a streaming list (KEP-3157): the complete state, a bookmark that ends it, then changes on the same
 * stream; where the server does not do that, for a paginated list and then a watch. A watch goes on from the last
 * resource version when its connection ends, and from a new complete list when that version is gone. Until such a
 * list is complete the sink keeps what it has; only of the very first one, when it has nothing, it is told early.
 */
export class Reflector {
  readonly #options: ReflectorOptions;
  readonly #timing: ReflectorTiming;
  readonly #intake: Intake;
  readonly #course: Course;

  constructor(options: ReflectorOptions) {
    const { resource, sink, log, held, onSkipped } = options;
    this.#options = options;
    this.#timing = { ...REFLECTOR_TIMING, ...options.timing };
    this.#intake = new Intake({ kind: resource.kind, sink, log, held, onSkipped });
    this.#course = new Course(options, this.#timing, this.#intake);
  }

  /** Runs until `signal` aborts. Does not reject on account of the server. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#proceed(signal);
      } catch (error) {
        if (!signal.aborted) await this.#options.clock.sleep(this.#course.waitAfter(error), signal);
      }
    }
  }

  /** Goes on from the position, up to the end of one watch. */
  async #proceed(signal: AbortSignal): Promise<void> {
    const { client, resource, log } = this.#options;
    const { position } = this.#course;
    this.#course.begin();
    if (await position.loseIfUnknown(client, signal)) {
      const { kind } = resource;
      log.info("Listing anew, as the API server may have other data than before", { kind });
    }
    const { version } = position;
    if (version !== undefined) return await this.#watch(version, signal);
    position.lose();
    if (this.#course.mayStream) return await this.#stream(signal);
    await this.#watch(await this.#listPages(signal), signal);
  }

  async #listPages(signal: AbortSignal): Promise<string> {
    const { client, resource, clock, sink } = this.#options;
    const listing = this.#intake.list();
    const version = await readPagedList({
      client,
      resource,
      clock,
      accept: this.#course.readsProtobuf ? ACCEPT_OBJECT : ACCEPT_JSON,
      silenceMs: this.#timing.listSilenceMs,
      onHeard: () => sink.heard(resource.kind),
      signal,
    }, listing);
    listing.commit();
    this.#course.position.version = version;
    return version;
  }

  /** Reads a streaming list and then the changes that follow it. */
  async #stream(signal: AbortSignal): Promise<void> {
    const listing = this.#intake.list();
    const taker = new EventTaker(this.#intake, { listing });
    try {
      await this.#follow(taker, STREAMING_LIST, signal);
    } catch (error) {
      if (taker.live || !this.#course.meansNoStreaming(error)) throw error;
      throw new NoStreamingError((error as Error).message, { cause: error });
    }
  }

  /** Watches from `version` on. */
  async #watch(version: string, signal: AbortSignal): Promise<void> {
    const taker = new EventTaker(this.#intake, { version });
    await this.#follow(taker, { resourceVersion: version }, signal);
  }

  /** Hands the events of one watch to `taker` until the server ends it. */
  async #follow(
    taker: EventTaker,
    query: Readonly<Record<string, string>>,
    signal: AbortSignal,
  ): Promise<void> {
    const { client, clock, resource, sink, random } = this.#options;
    const { kind } = resource;
    const seconds = 300 + Math.floor(random() * 300);
    const path = requestPath(resource, { ...WATCH, ...query, timeoutSeconds: String(seconds) });
    const accept = this.#course.readsProtobuf ? ACCEPT_WATCH : ACCEPT_JSON;
    const patience = () => taker.live ? this.#timing.silenceMs : this.#timing.listSilenceMs;
    const onOpen = (signal: AbortSignal) => {
      this.#course.open();
      return this.#course.position.learnHistory(client, signal);
    };
    const onEvents = (events: EventBatch) => {
      sink.heard(kind);
      taker.take(events);
    };
    try {
      await readWatch({ client, clock, kind, path, accept, patience, onOpen, onEvents }, signal);
    } finally {
      this.#course.position.version = taker.version;
    }
    if (!taker.live) throw new NoStreamingError("the stream ended before the list was complete");
    this.#course.judgeEnd(seconds);
  }
}
