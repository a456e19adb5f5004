import { ApiError } from "./api_error.ts";
import type { EventBatch } from "./event_stream.ts";
import type { Intake } from "./intake.ts";
import type { Listing } from "./listing.ts";
import { isOlder, type WatchEvent } from "./watch_event.ts";

/** The server answered a streaming list with something else. */
export class NoStreamingError extends Error {
  override readonly name = "NoStreamingError";
}

/**
 * Takes the events of one watch stream: first, where a `listing` was asked for, its initial events up to the bookmark
 * that completes it, then changes.
 */
export class EventTaker {
  readonly #intake: Intake;
  #listing: Listing | undefined;
  #version: string | undefined;
  #lost = false;

  /** `version` is where the stream goes on from; `listing` what its initial events go to. */
  constructor(intake: Intake, start: { readonly version: string } | { readonly listing: Listing }) {
    this.#intake = intake;
    if ("version" in start) this.#version = start.version;
    else this.#listing = start.listing;
  }

  /** True once the initial events are complete: what comes now are changes. */
  get live(): boolean {
    return this.#listing === undefined;
  }

  /** Where to go on from; undefined when a complete list is needed, as there is none yet or an event was lost. */
  get version(): string | undefined {
    return this.#lost ? undefined : this.#version;
  }

  /** Throws `ApiError` for an ERROR event, and `NoStreamingError` when the server does not do streaming lists. */
  take(events: EventBatch): void {
    for (const event of events) this.#take(event);
  }

  #take(event: WatchEvent | undefined): void {
    if (event === undefined) {
      this.#lost = true;
      return this.#intake.skip("Cannot use a piece of the stream: it is not a watch event");
    }
    if (event.type === "ERROR") throw event.error;
    if (this.#listing !== undefined) this.#takeInitial(event, this.#listing);
    else this.#takeChange(event);
  }

  #takeInitial(event: Exclude<WatchEvent, { type: "ERROR" }>, listing: Listing): void {
    if (event.type !== "BOOKMARK") return listing.apply(event);
    if (!event.endsList || event.version === undefined) {
      throw new NoStreamingError("Cannot read a streaming list: it has a bookmark before its end");
    }
    this.#version = event.version;
    this.#listing = undefined;
    listing.commit();
  }

  #takeChange(event: Exclude<WatchEvent, { type: "ERROR" }>): void {
    const { version } = event.type === "BOOKMARK" || event.type === "DELETED" ? event : event.item;
    if (event.type !== "BOOKMARK") this.#intake.apply(event);
    else if (version !== undefined && isOlder(version, this.#version ?? version)) {
      throw new ApiError(410, "Expired", `resource version went back to "${version}"`);
    }
    this.#version = version ?? this.#version;
  }
}
