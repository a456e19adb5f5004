import type { Logger } from "@logtape/logtape";
import type { Clock } from "../model/clock.ts";
import { type ClusterObject, KINDS } from "../model/objects.ts";
import { fingerprintOf, messageOf } from "./manifest_folder.ts";
import { ManifestLoader } from "./manifest_loader.ts";
import type { ManifestChange } from "./manifest_index.ts";
import { type DirtyPaths, type FolderEvents, ManifestWatcher } from "./manifest_watcher.ts";
import type { Sink, Source } from "./source.ts";

export { readManifests } from "./manifest_read.ts";

/** What a manifest source is made of. */
export interface ManifestSourceOptions {
  /** The folder. Everything below it that ends in `.yaml`, `.yml` or `.json` is a manifest. */
  readonly dir: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** @default {Deno.watchFs} */
  readonly watch?: (dir: string) => FolderEvents;
}

/** Milliseconds from the first event to looking: programs write a file in several steps. */
const DEBOUNCE_MS = 25;
/** Milliseconds between full looks, which find what the kernel's events missed. */
const POLL_MS = 10_000;
/** The same while there are no events: the folder is away, or cannot be watched. */
const UNWATCHED_POLL_MS = 100;

/**
 * Makes a source of a folder of manifests, e.g. for a node without an API server.
 *
 * The first complete reading is a `replace` of every kind; after that only objects that differ are sent, and a change
 * of one file costs what the file holds. A file with a problem keeps the objects that it held before (if it held none,
 * its good documents are used). When the folder goes away, everything stays as it was until it is back.
 *
 * `run` rejects when the folder cannot be read at first. Needs read permission for the folder.
 */
export function createManifestSource(options: ManifestSourceOptions): Source {
  return { run: (sink, signal) => new ManifestRun(options, sink, signal).run() };
}

/** One run of the source. */
class ManifestRun {
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #sink: Sink;
  readonly #signal: AbortSignal;
  readonly #loader: ManifestLoader;
  readonly #watcher: ManifestWatcher;
  /** The folder as it was last seen: a new one may stand in its place. */
  #identity: string | undefined;
  #watching = false;
  #away = false;
  #nextPoll = 0;

  constructor(options: ManifestSourceOptions, sink: Sink, signal: AbortSignal) {
    this.#dir = options.dir;
    this.#clock = options.clock;
    this.#log = options.log;
    this.#sink = sink;
    this.#signal = signal;
    this.#loader = new ManifestLoader(options);
    this.#watcher = new ManifestWatcher(options.watch ?? ((dir) => Deno.watchFs(dir)));
  }

  async run(): Promise<void> {
    try {
      // Watching begins before the first look, so that nothing is lost in between.
      await this.#watch(await this.#identify());
      this.#replace(await this.#loader.loadAll());
      while (!this.#signal.aborted) await this.#follow();
    } catch (error) {
      throw new Error(`Cannot read manifests from "${this.#dir}": ${messageOf(error)}`, {
        cause: error,
      });
    } finally {
      await this.#watcher.stop();
    }
  }

  #replace(objects: readonly ClusterObject[]): void {
    for (const kind of KINDS) {
      this.#sink.replace(kind, objects.filter((object) => object.kind === kind));
    }
    this.#log.info("Read the manifests in {dir}: {objects} objects", {
      dir: this.#dir,
      objects: objects.length,
    });
  }

  /** Waits for something to do, and does it. */
  async #follow(): Promise<void> {
    await this.#pause();
    if (this.#signal.aborted) return;
    const dirty = this.#watcher.take();
    const poll = this.#clock.monotonic() >= this.#nextPoll;
    if (poll) this.#schedulePoll();
    try {
      this.#send(await this.#look(poll ? "all" : dirty));
    } catch (error) {
      const reason = messageOf(error);
      this.#log.warn("Cannot look at the manifests in {dir}: {reason}", { dir: this.#dir, reason });
      this.#nextPoll = this.#clock.monotonic() + UNWATCHED_POLL_MS;
    }
  }

  #schedulePoll(): void {
    const pause = this.#watching ? POLL_MS : UNWATCHED_POLL_MS;
    this.#nextPoll = this.#clock.monotonic() + pause;
  }

  /** Waits for an event, for the next poll, or until a doubtful file has had its time. */
  async #pause(): Promise<void> {
    const until = Math.min(this.#nextPoll, this.#loader.nextLook ?? Infinity);
    const enough = new AbortController();
    const signal = AbortSignal.any([this.#signal, enough.signal]);
    const rest = Math.max(0, until - this.#clock.monotonic());
    await Promise.race([this.#watcher.changed, this.#clock.sleep(rest, signal)]);
    enough.abort();
    await this.#clock.sleep(DEBOUNCE_MS, this.#signal);
  }

  async #look(dirty: DirtyPaths): Promise<readonly ManifestChange[]> {
    const identity = await this.#identify().catch(() => undefined);
    if (identity === undefined) {
      await this.#leave();
      return [];
    }
    const other = identity !== this.#identity;
    if (other) await this.#watch(identity);
    return await this.#loader.look(other ? "all" : dirty);
  }

  /** Sends all changes in one go, so that they are applied together. */
  #send(changes: readonly ManifestChange[]): void {
    for (const change of changes) {
      if (change.type === "upsert") this.#sink.upsert(change.object);
      else this.#sink.remove(change.kind, change.key);
    }
    if (changes.length > 0) {
      this.#log.debug("Manifests changed: {changes} objects", { changes: changes.length });
    }
    if (!this.#away) { for (const kind of KINDS) this.#sink.heard(kind); }
  }

  async #leave(): Promise<void> {
    if (this.#away) return;
    this.#away = true;
    await this.#watcher.stop();
    this.#watching = false;
    this.#identity = undefined;
    this.#schedulePoll();
    this.#log.warn("The folder {dir} is gone: everything stays as it was until it is back", {
      dir: this.#dir,
    });
  }

  async #identify(): Promise<string> {
    return await fingerprintOf(this.#dir) ?? Promise.reject(new Error("There is no such folder"));
  }

  async #watch(identity: string): Promise<void> {
    if (this.#away) this.#log.info("The folder {dir} is back", { dir: this.#dir });
    this.#away = false;
    this.#identity = identity;
    try {
      await this.#watcher.start(await Deno.realPath(this.#dir));
      this.#watching = true;
    } catch (error) {
      this.#watching = false;
      const reason = messageOf(error);
      this.#log.warn("Cannot watch {dir}, looking at it again and again instead: {reason}", {
        dir: this.#dir,
        reason,
      });
    }
    this.#schedulePoll();
  }
}
