import { flagsAlone, normaliseArguments } from "./arguments.ts";
import type { Command, ParseContext } from "./command.ts";
import { readGivenFlags, versionAsked } from "./given_flags.ts";
import { loadOptions } from "./options.ts";

/**
 * Reads a command line, and the configuration file that it names.
 *
 * One of kube-proxy's flags alone, as a DaemonSet has it, is read without commander: loading that takes as long as
 * loading a quarter of the daemon. Throws `UsageError` when the command line cannot be understood, and `ConfigError`
 * when what it asks for cannot be done.
 */
export async function parseCommandLine(
  argv: readonly string[],
  context: ParseContext,
): Promise<Command> {
  const line = normaliseArguments(argv);
  const texts = flagsAlone(line);
  if (texts === undefined) {
    const { readCommand } = await import("./program.ts");
    return await readCommand(line, context);
  }
  const flags = readGivenFlags(texts);
  return versionAsked(flags) ??
    { command: "run", options: await loadOptions(flags, context.readTextFile) };
}
