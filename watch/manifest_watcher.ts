import { isManifest } from "./manifest_folder.ts";

/** Paths that changed, relative to the folder; "all" when only a full look can tell. */
export type DirtyPaths = ReadonlySet<string> | "all";

/** The part of `Deno.FsWatcher` that is used. */
export type FolderEvents = AsyncIterable<Deno.FsEvent> & Pick<Deno.FsWatcher, "close">;

/** Collects what the kernel says about a folder until somebody asks. */
export class ManifestWatcher {
  readonly #watch: (dir: string) => FolderEvents;
  #dir = "";
  #events: FolderEvents | undefined;
  #collecting: Promise<void> | undefined;
  #dirty: Set<string> | "all" = new Set();
  #wake = Promise.withResolvers<void>();

  /** `watch` is `Deno.watchFs`. */
  constructor(watch: (dir: string) => FolderEvents) {
    this.#watch = watch;
  }

  /**
   * Starts to watch `dir`, an absolute path without links, instead of what it watched before. Rejects when the kernel
   * refuses.
   */
  async start(dir: string): Promise<void> {
    await this.stop();
    this.#dir = dir;
    this.#events = this.#watch(dir);
    this.#collecting = this.#collect(this.#events);
  }

  /** Resolves when there is something to take. */
  get changed(): Promise<void> {
    return this.#wake.promise;
  }

  /** Returns what changed since it was last called. */
  take(): DirtyPaths {
    const dirty = this.#dirty;
    this.#dirty = new Set();
    this.#wake = Promise.withResolvers();
    return dirty;
  }

  /** Adds paths by hand, to be looked at again. */
  mark(paths: DirtyPaths): void {
    if (paths === "all") this.#dirty = "all";
    else if (this.#dirty !== "all") { for (const path of paths) this.#dirty.add(path); }
    this.#wake.resolve();
  }

  /** Stops watching. A watch of the same path works only after the one before has really ended. */
  async stop(): Promise<void> {
    const events = this.#events;
    this.#events = undefined;
    try {
      events?.close();
    } catch { /* its folder is gone, and it with it */ }
    await this.#collecting;
  }

  async #collect(events: FolderEvents): Promise<void> {
    try {
      for await (const event of events) {
        if (event.kind !== "access") {
          for (const path of event.paths) this.#note(path, event.kind);
        }
      }
    } catch {
      // Lost events are made good by a full look.
      if (events === this.#events) this.mark("all");
    }
  }

  /**
   * A manifest is looked at alone. Anything else, e.g. a new or renamed folder or the switch of a mounted ConfigMap's
   * link `..data`, may concern any file; other hidden names concern none.
   */
  #note(path: string, kind: Deno.FsEvent["kind"]): void {
    const relative = path.startsWith(`${this.#dir}/`) ? path.slice(this.#dir.length + 1) : "";
    if (kind !== "other" && isManifest(relative)) this.mark(new Set([relative]));
    else if (!/(?:^|\/)\.[^.]/.test(relative)) this.mark("all");
  }
}
