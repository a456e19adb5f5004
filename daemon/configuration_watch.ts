import type { Clock } from "../model/clock.ts";

/** Milliseconds between two looks at the file. */
const POLL_MS = 1_000;

/** What a watch works with. `Loaded` is what the text of a file becomes. */
export interface ConfigurationWatchOptions<Loaded> {
  /** The file's path, which may be a symbolic link or lead over some. */
  readonly file: string;
  /** The text that is in force. */
  readonly text: string;
  readonly readTextFile: (path: string) => Promise<string>;
  /**
   * Makes of a text what can be put in force, or undefined where that is what is in force already. Rejects when the
   * text cannot be used.
   */
  readonly load: (text: string) => Promise<Loaded | undefined>;
  readonly report: ConfigurationReport;
  readonly clock: Clock;
}

/** Hears how the file is doing. */
export interface ConfigurationReport {
  /** What the file says now cannot be used; what was in force before still is. */
  refused(error: unknown): void;
  /** The file says again what is in force. */
  inForce(): void;
}

/**
 * Waits until the file says something else that can be used, and returns what that becomes; undefined when `signal`
 * aborts first.
 *
 * It reads the file once a second rather than ask the kernel for events. A ConfigMap is changed by swapping a symbolic
 * link two directories away, an editor renames a new file over the old one, and on overlays and network file systems
 * events may not come at all; the text tells in every case, and reading a page of it costs nothing to speak of. A text
 * counts when two looks found the same, as programs may write a file in steps.
 */
export async function nextConfiguration<Loaded>(
  options: ConfigurationWatchOptions<Loaded>,
  signal: AbortSignal,
): Promise<Loaded | undefined> {
  const { report, clock, load } = options;
  let inForce = options.text;
  let judged = textId(inForce);
  let last = judged;
  for (;;) {
    await clock.sleep(POLL_MS, signal);
    if (signal.aborted) return undefined;
    const seen = await look(options);
    const isSettled = seen.id === last;
    last = seen.id;
    if (!isSettled || seen.id === judged) continue;
    judged = seen.id;
    try {
      if (seen.text === undefined) throw seen.error;
      const loaded = seen.text === inForce ? undefined : await load(seen.text);
      if (loaded !== undefined) return loaded;
      inForce = seen.text;
      report.inForce();
    } catch (error) {
      report.refused(error);
    }
  }
}

/** What one look at the file found: a text, or why there is none. */
interface Sight {
  /** Tells sights apart. */
  readonly id: string;
  readonly text?: string;
  readonly error?: Error;
}

async function look(
  { file, readTextFile }: Pick<ConfigurationWatchOptions<unknown>, "file" | "readTextFile">,
): Promise<Sight> {
  try {
    const text = await readTextFile(file);
    return { id: textId(text), text };
  } catch (cause) {
    const error = new Error(`Cannot read the configuration ${JSON.stringify(file)}`, { cause });
    return { id: `error ${cause instanceof Error ? cause.message : cause}`, error };
  }
}

function textId(text: string): string {
  return `text ${text}`;
}
