import { type FlagValues, readFlags } from "../config/apply_flags.ts";
import type { Command } from "./command.ts";
import { USAGE, UsageError } from "./usage_error.ts";
import { versionLine, versionReport } from "./version.ts";

/** Reads the values of flags as `readFlags()` does, but throws a {@linkcode UsageError}. */
export function readGivenFlags(texts: ReadonlyMap<string, readonly string[]>): FlagValues {
  try {
    return readFlags(texts);
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(error.message, USAGE);
    throw error;
  }
}

/** Returns the answer to `--version`, which goes before everything else that is asked for. */
export function versionAsked(flags: FlagValues): Command | undefined {
  switch (flags.get("version")) {
    case "true":
      return { command: "version", text: versionLine() };
    case "raw":
      return { command: "version", text: versionReport() };
  }
}
