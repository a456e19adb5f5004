import type { KubeProxyConfiguration } from "../config/configuration.ts";
import { writeConfiguration } from "../config/write.ts";
import { writeStdout } from "./dry_run.ts";

/** The name of standard output, which can be written to without a permission for files. */
const STDOUT = "/dev/stdout";

/**
 * Writes the configuration in effect to `file`, in the place of what is there.
 *
 * Throws an Error that names the file and says why it cannot be written, or has the reason as its cause.
 */
export async function writeConfigTo(file: string, config: KubeProxyConfiguration): Promise<void> {
  const text = writeConfiguration(config);
  if (file === STDOUT) return writeStdout(text);
  try {
    await Deno.writeTextFile(file, text);
  } catch (cause) {
    const action = `Cannot write the configuration to ${JSON.stringify(file)}`;
    if (!(cause instanceof Deno.errors.NotCapable)) throw new Error(action, { cause });
    throw new Error(`${action}: weir runs without --allow-write, write to "${STDOUT}" instead`);
  }
}
