import { readManifests } from "../watch/manifest_source.ts";
import { writeStdout } from "./dry_run.ts";
import type { RunOptions } from "./options.ts";
import { render } from "./render.ts";

/**
 * Prints the full nft script for the folder of `--manifests`, and on standard error what was left out of it and why.
 *
 * Returns the exit code: 0 also when some objects could not be used, 1 when there is no folder to read.
 */
export async function printRendering({ config, manifests, warnings }: RunOptions): Promise<number> {
  const complain = (text: string) => Deno.stderr.writeSync(new TextEncoder().encode(`${text}\n`));
  try {
    const { objects, problems } = await readManifests(manifests);
    const rendering = render(objects, { config, hostname: Deno.hostname() });
    for (const text of [...warnings, ...problems, ...rendering.problems]) {
      complain(`Warning: ${text}`);
    }
    for (const chunk of rendering.script) writeStdout(chunk);
    return 0;
  } catch (error) {
    complain(`Error: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}
