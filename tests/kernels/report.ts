import { sum, type Totals } from "../rings.ts";
import type { Case, Result } from "./results.ts";

/** Between these lines docs/compatibility.md is generated. */
export const BEGIN = "<!-- deno task test:kernels writes from here -->";
export const END = "<!-- to here -->";

/** Returns the lines that a terminal is shown of one machine. */
export function summary(result: Result): string {
  const { passed, failed, skipped } = totalsOf(result);
  const counts = `${passed} passed, ${failed} failed, ${skipped} skipped`;
  return `${counts}${result.complete ? "" : ", and it did not come to its end"}`;
}

/** Tells whether all tests ran, and none failed. */
export function isGood(result: Result): boolean {
  const { passed, failed } = totalsOf(result);
  return result.complete && passed > 0 && failed === 0;
}

/** Replaces the generated part of a document. Throws when it has none. */
export function replaceGenerated(document: string, results: readonly Result[]): string {
  const [begin, end] = [document.indexOf(BEGIN), document.indexOf(END)];
  if (begin < 0 || end < begin) {
    throw new Error(`Cannot write the results: the document has no lines "${BEGIN}" and "${END}"`);
  }
  const head = document.slice(0, begin + BEGIN.length);
  return `${head}\n\n${renderResults(results)}\n${document.slice(end)}`;
}

/** Writes results as Markdown: a table, and what did not pass. */
export function renderResults(results: readonly Result[]): string {
  const rows = results.map((result) => {
    const { passed, failed, skipped } = totalsOf(result);
    const { nftables = "", iptables = "" } = result.programs;
    return [result.kernel, nftables, iptables, `${passed}`, `${failed}`, `${skipped}`, result.date];
  });
  const titles = ["Linux", "nftables", "iptables", "passed", "failed", "skipped", "on"];
  const parts = [table(titles, rows)];
  const failed = listing(results, ({ failure }) => failure !== undefined);
  if (failed !== "") parts.push(`Failed:\n\n${failed}`);
  const skipped = listing(results, ({ failure }) => failure === undefined);
  if (skipped !== "") parts.push(`Skipped:\n\n${skipped}`);
  const versions = [...new Set(results.map(({ deno }) => deno))].join(", ");
  parts.push(`Debian's packages, one processor, Deno ${versions}.\n`);
  return parts.join("\n");
}

/** Lists cases with the machines on which they were as `wanted`. */
function listing(results: readonly Result[], wanted: (one: Case) => boolean): string {
  const machines = new Map<string, string[]>();
  for (const { kernel, programs, files } of results) {
    for (const { name } of files.flatMap(({ cases }) => cases).filter(wanted)) {
      const machine = `${kernel} with ${programs.nftables}`;
      machines.set(name, [...machines.get(name) ?? [], machine]);
    }
  }
  return [...machines].map(([name, on]) => {
    const where = on.length === results.length ? "" : `: ${on.join(", ")}`;
    return `- ${name}${where}\n`;
  }).join("");
}

function totalsOf({ files }: Result): Totals {
  return sum(files);
}

/** Writes a table as `deno fmt` would. */
function table(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = titles.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => row[column]?.length ?? 0))
  );
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |\n`;
  return line(titles) + line(widths.map((width) => "-".repeat(width))) + rows.map(line).join("");
}
