import { ApiError, errorOfStatus } from "./api_error.ts";
import type { Intake, Listing } from "./intake.ts";
import {
  endsInitialEvents,
  isOlder,
  parseEvent,
  versionOf,
  type WatchEvent,
} from "./watch_event.ts";

/** The server answered a streaming list with something else. */
export class NoStreamingError extends Error {
  override readonly name = "NoStreamingError";
}

/**
 * Takes the lines of one watch stream: first, where a `listing` was asked for, its initial events up to the bookmark
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

  /** Where to go on from; undefined when a complete list is needed, because there is none yet or a line was lost. */
  get version(): string | undefined {
    return this.#lost ? undefined : this.#version;
  }

  /** Throws `ApiError` for an ERROR event, and `NoStreamingError` when the server does not do streaming lists. */
  take(line: string): void {
    const event = parseEvent(line);
    if (event === undefined) {
      this.#lost = true;
      return this.#intake.skip("Cannot use a line of the stream: it is not a watch event");
    }
    if (event.type === "ERROR") throw errorOfStatus(event.object);
    if (this.#listing !== undefined) this.#takeInitial(event, this.#listing);
    else this.#takeChange(event);
  }

  #takeInitial(event: WatchEvent, listing: Listing): void {
    if (event.type !== "BOOKMARK") return listing.apply(event);
    const version = versionOf(event.object);
    if (!endsInitialEvents(event.object) || version === undefined) {
      throw new NoStreamingError("Cannot read a streaming list: it has a bookmark before its end");
    }
    this.#version = version;
    this.#listing = undefined;
    listing.commit();
  }

  #takeChange(event: WatchEvent): void {
    const version = versionOf(event.object);
    if (event.type !== "BOOKMARK") this.#intake.apply(event);
    else if (version !== undefined && isOlder(version, this.#version ?? version)) {
      throw new ApiError(410, "Expired", `resource version went back to "${version}"`);
    }
    this.#version = version ?? this.#version;
  }
}
