import type { ProcessResult, RunProcess } from "../../backends/process.ts";

/** Programs that answer as a test wants it, for those that cannot run on this machine. */
export interface ScriptedTools {
  readonly run: RunProcess;
  /** The command lines that were run, those of programs that are not there too. */
  readonly calls: readonly string[];
  /** What command lines got on standard input. */
  readonly inputs: ReadonlyMap<string, string>;
}

/** An answer: the last one of a list is given again and again. */
type Answer = Partial<ProcessResult>;

/** Returns programs that know the command lines in `answers`, and no program beyond them. */
export function scriptedTools(
  answers: Readonly<Record<string, Answer | readonly Answer[]>>,
): ScriptedTools {
  const calls: string[] = [];
  const inputs = new Map<string, string>();
  const turns = new Map<string, number>();
  const run: RunProcess = (command, args, { stdin }) => {
    const line = [command, ...args].join(" ");
    calls.push(line);
    const known = answers[line];
    if (known === undefined) {
      return Promise.reject(new Deno.errors.NotFound(`No such program: ${command}`));
    }
    if (stdin !== undefined) inputs.set(line, [...stdin].join(""));
    const list = [known].flat();
    const turn = turns.get(line) ?? 0;
    turns.set(line, turn + 1);
    const answer = list[Math.min(turn, list.length - 1)];
    return Promise.resolve({ code: 0, stdout: "", stderr: "", timedOut: false, ...answer });
  };
  return { run, calls, inputs };
}
