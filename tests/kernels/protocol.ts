/** What the machine says about itself when it has started. */
export interface MachineLine {
  readonly kind: "machine";
  /** E.g. `6.1.0-49-cloud-amd64`. */
  readonly kernel: string;
  readonly nft: string;
}

/** What came of a file with tests. */
export interface FileLine {
  readonly kind: "file";
  readonly file: string;
  /** The exit code of `deno test`. */
  readonly code: number;
  /** Its report as JUnit writes it; empty when it did not come that far. */
  readonly junit: string;
  /** What it printed. */
  readonly said: string;
}

/** Says that all files have run. */
export interface EndLine {
  readonly kind: "end";
}

/** A line of what the machine reports, as JSON. */
export type Line = MachineLine | FileLine | EndLine;

/** Reads a line of the machine's report; undefined when it is none, as what a kernel says at its very end. */
export function parseLine(text: string): Line | undefined {
  try {
    const line = JSON.parse(text);
    return ["machine", "file", "end"].includes(line?.kind) ? line : undefined;
  } catch {
    return undefined;
  }
}
