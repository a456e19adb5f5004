import type { Logger } from "@logtape/logtape";
import type { Clock } from "../model/clock.ts";
import type { ClusterObject } from "../model/objects.ts";
import {
  type Fingerprint,
  fingerprintOf,
  listManifests,
  messageOf,
  readIfThere,
} from "./manifest_folder.ts";
import { type Duplicate, type ManifestChange, ManifestIndex } from "./manifest_index.ts";
import { type Manifest, parseManifest } from "./manifest_parse.ts";
import { describeDuplicate, describeProblem } from "./manifest_read.ts";
import type { DirtyPaths } from "./manifest_watcher.ts";

/** A file that looked half-written, and since when it has looked so. */
interface Doubt {
  readonly text: string;
  readonly since: number;
}

/** Milliseconds for which a file that is empty or broken must stay so before it is believed. */
const SETTLE_MS = 60;

/** Reads what changed in a folder of manifests, and tells what that means for the objects. */
export class ManifestLoader {
  readonly #dir: string;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #index = new ManifestIndex();
  readonly #known = new Map<string, Fingerprint>();
  readonly #doubts = new Map<string, Doubt>();
  #unreadable: ReadonlyMap<string, string> = new Map();

  constructor(parts: { readonly dir: string; readonly clock: Clock; readonly log: Logger }) {
    this.#dir = parts.dir;
    this.#clock = parts.clock;
    this.#log = parts.log;
  }

  /** When, on the monotonic clock, a doubtful file is to be looked at again. */
  get nextLook(): number | undefined {
    const [first] = this.#doubts.values();
    return first && first.since + SETTLE_MS;
  }

  /** Reads everything for the first time. Throws when the folder cannot be listed. */
  async loadAll(): Promise<ClusterObject[]> {
    for (const path of (await this.#suspects()).toSorted()) await this.#load(path, { trust: true });
    return this.#index.objects();
  }

  /** Looks at the files in `dirty`, and at the doubtful ones. Throws when the folder cannot be listed. */
  async look(dirty: DirtyPaths): Promise<ManifestChange[]> {
    const paths = dirty === "all" ? await this.#suspects() : dirty;
    const changes: ManifestChange[] = [];
    for (const path of new Set([...paths, ...this.#doubts.keys()])) {
      changes.push(...await this.#load(path, { trust: false }));
    }
    return changes;
  }

  /** Returns the files that are new, changed or gone. */
  async #suspects(): Promise<string[]> {
    const { files, unreadable } = await listManifests(this.#dir);
    for (const [path, reason] of unreadable) {
      if (this.#unreadable.get(path) !== reason) this.#warnUnreadable(path, reason);
    }
    this.#unreadable = unreadable;
    const changed = [...files].filter(([path, print]) => this.#known.get(path) !== print);
    const hidden = (path: string) => [...unreadable.keys()].some((dir) => path.startsWith(dir));
    const gone = [...this.#known.keys()].filter((path) => !files.has(path) && !hidden(path));
    return [...changed.map(([path]) => path), ...gone];
  }

  async #load(path: string, { trust }: { trust: boolean }): Promise<readonly ManifestChange[]> {
    try {
      const fingerprint = await fingerprintOf(`${this.#dir}/${path}`);
      if (fingerprint === undefined) return this.#forget(path);
      // Noted before reading: what is written from now on makes another fingerprint.
      this.#known.set(path, fingerprint);
      const text = await readIfThere(`${this.#dir}/${path}`);
      if (text === undefined) return this.#forget(path);
      const manifest = parseManifest(text);
      const whole = manifest.problems.length === 0 && text.trim() !== "";
      if (!whole && !trust && this.#doubt(path, text)) return [];
      this.#doubts.delete(path);
      return this.#take(path, manifest);
    } catch (error) {
      this.#doubts.delete(path);
      this.#warnUnreadable(path, messageOf(error));
      return [];
    }
  }

  /** Tells whether it is too early to believe that the file is to be as it is. */
  #doubt(path: string, text: string): boolean {
    const now = this.#clock.monotonic();
    const doubt = this.#doubts.get(path);
    if (doubt?.text === text) return now < doubt.since + SETTLE_MS;
    this.#doubts.delete(path);
    this.#doubts.set(path, { text, since: now });
    return true;
  }

  #forget(path: string): readonly ManifestChange[] {
    this.#doubts.delete(path);
    this.#known.delete(path);
    return this.#index.update(path, []).changes;
  }

  #take(path: string, manifest: Manifest): readonly ManifestChange[] {
    const file = `${this.#dir}/${path}`;
    const keep = manifest.problems.length > 0 && this.#index.holds(path);
    for (const problem of manifest.problems) {
      const consequence = keep ? "; the objects that the file held before stay in force" : "";
      this.#log.warn(`{problem}${consequence}`, { problem: describeProblem(file, problem) });
    }
    for (const kind of new Set(manifest.ignored)) {
      this.#log.debug("Ignored {kind} in {file}", { kind, file });
    }
    if (keep) return [];
    const { changes, duplicates } = this.#index.update(path, manifest.objects);
    for (const duplicate of duplicates) this.#warnDuplicate(duplicate);
    return changes;
  }

  #warnDuplicate(duplicate: Duplicate): void {
    this.#log.warn("{problem}", { problem: describeDuplicate(duplicate) });
  }

  #warnUnreadable(path: string, reason: string): void {
    this.#log.warn("Cannot read {file}, what is known of it stays in force: {reason}", {
      file: `${this.#dir}/${path}`,
      reason,
    });
  }
}
