/** Where the demo writes, and how. */
export interface ReportOptions {
  readonly write: (text: string) => void;
  /** Whether to use bold and colours. */
  readonly colour: boolean;
}

/** One column of a table. */
export interface Column {
  readonly title: string;
  readonly align?: "left" | "right";
}

/** The demo's words to the people who watch it, and what of them turned out not to be so. */
export class Report {
  readonly #write: (text: string) => void;
  readonly #colour: boolean;
  readonly #broken: string[] = [];
  #claims = 0;

  constructor(options: ReportOptions) {
    this.#write = options.write;
    this.#colour = options.colour;
  }

  /** Claims that did not hold. */
  get broken(): readonly string[] {
    return this.#broken;
  }

  /** How many claims were made. */
  get claims(): number {
    return this.#claims;
  }

  /** Begins a part of the demo. */
  heading(text: string): void {
    this.#write(`\n${this.#styled(`== ${text}`, "1")}\n`);
  }

  /** Says something, indented, in lines that fit 80 columns. */
  say(text: string): void {
    for (const line of text.split("\n").flatMap((line) => wrap(line, 77))) {
      this.#write(line === "" ? "\n" : `   ${line}\n`);
    }
  }

  /** Shows rows under their titles. */
  table(columns: readonly Column[], rows: readonly (readonly string[])[]): void {
    for (const line of formatTable(columns, rows)) this.say(line);
  }

  /** Checks something that the demo says; what does not hold is shown at once and makes the demo fail. */
  claim(text: string, holds: boolean): void {
    this.#claims++;
    if (holds) return;
    this.#broken.push(text);
    this.#write(`   ${this.#styled(`NOT SO: ${text}`, "31")}\n`);
  }

  #styled(text: string, code: string): string {
    return this.#colour ? `\x1b[${code}m${text}\x1b[0m` : text;
  }
}

/** Lays out a table in as few columns of text as its content needs. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
): string[] {
  const all = [columns.map((column) => column.title), ...rows];
  const widths = columns.map((_, i) => Math.max(...all.map((row) => (row[i] ?? "").length)));
  return all.map((row) =>
    columns.map((column, i) => {
      const cell = row[i] ?? "", width = widths[i] ?? 0;
      return column.align === "right" ? cell.padStart(width) : cell.padEnd(width);
    }).join("  ").trimEnd()
  );
}

/** Breaks a line at spaces so that it fits `width`; what follows is indented two more than the line itself. */
export function wrap(line: string, width: number): string[] {
  const hanging = " ".repeat(indentOf(line) + 2);
  const lines: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const space = rest.lastIndexOf(" ", width);
    if (space <= indentOf(rest)) break;
    lines.push(rest.slice(0, space).trimEnd());
    rest = hanging + rest.slice(space).trimStart();
  }
  return [...lines, rest];
}

function indentOf(line: string): number {
  return line.length - line.trimStart().length;
}

/** Writes a duration in milliseconds for people: `31 ms`, `1.2 s`. */
export function duration(milliseconds: number): string {
  return milliseconds < 1000
    ? `${Math.round(milliseconds)} ms`
    : `${(milliseconds / 1000).toFixed(1)} s`;
}
