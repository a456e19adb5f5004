/** How a command line is written, in short. */
export const USAGE =
  'Usage: weir [command] [flags]\n\nRun "weir --help" for the commands and flags.';

/**
 * A command line that cannot be understood.
 *
 * As kube-proxy does, print {@linkcode UsageError.usage}, then `Error: ` and the message on stderr, and exit with 1.
 */
export class UsageError extends Error {
  override readonly name = "UsageError";

  /** `usage` tells in a few lines how to write it, and where to find the rest. */
  constructor(message: string, readonly usage: string) {
    super(message);
  }
}
