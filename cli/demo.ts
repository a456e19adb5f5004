import { defaultConfiguration } from "../config/configuration.ts";
import { readManifests } from "../watch/manifest_source.ts";
import { EXAMPLES } from "./demo/files.ts";
import { NamespacesNotAllowedError } from "./demo/lab.ts";
import { play } from "./demo/play.ts";
import { Report } from "./demo/report.ts";
import { ensureTools, MissingToolsError } from "./demo/requirements.ts";
import { writeStdout } from "./dry_run.ts";
import { render } from "./render.ts";

/** How to run the demo; everything has the obvious default. */
export interface DemoOptions {
  readonly write?: (text: string) => void;
  /** Whether to use bold and colours: on a terminal, unless `NO_COLOR` is set. */
  readonly colour?: boolean;
  /** Ends the demo early; everything is cleaned up then too. */
  readonly signal?: AbortSignal;
}

/**
 * Shows weir at work: a node, pods and a client in network namespaces, real rules and real connections.
 *
 * Returns the exit code: 0 when everything that it says is so, 1 when something is not or a tool is missing, 130 when
 * it was ended early. Where namespaces are not allowed it shows the rules alone.
 *
 * Needs permission to run `unshare` and `nsenter` (and a package manager, to install what is missing as root), to read,
 * to write a folder for temporary files, `--allow-env` and `--allow-sys=uid`. The service proxy is not given these, so
 * that a compiled binary and an image have no demo: it says so there, and fails.
 */
export async function runDemo(options: DemoOptions = {}): Promise<number> {
  const { write = writeStdout, signal } = options;
  const { state } = await Deno.permissions.query({ name: "run", command: "unshare" });
  if (state !== "granted") {
    write(
      "Error: Cannot show the demo with the rights of a service proxy: " +
        'run "deno task demo" in the folder of its sources\n',
    );
    return 1;
  }
  const colour = options.colour ?? (Deno.stdout.isTerminal() && !Deno.env.get("NO_COLOR"));
  const report = new Report({ write, colour });
  try {
    await ensureTools(["nft", "ip", "unshare", "nsenter"], {
      log: (line) => report.say(line),
      ...(signal && { signal }),
    });
    await play(report, signal);
    return conclude(report);
  } catch (error) {
    if (signal?.aborted) return 130;
    if (error instanceof NamespacesNotAllowedError || error instanceof MissingToolsError) {
      return await showDryRun(report, error, write);
    }
    report.say(`Error: ${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

function conclude(report: Report): number {
  const { broken, claims } = report;
  report.heading(
    broken.length === 0 ? `Checked: all ${claims} claims hold` : "Not everything held",
  );
  for (const text of broken) report.say(`not so: ${text}`);
  report.say("Everything is cleaned up. Next: docs/quickstart.md");
  return broken.length === 0 ? 0 : 1;
}

async function showDryRun(
  report: Report,
  error: Error,
  write: (text: string) => void,
): Promise<number> {
  report.say(error.message);
  report.say("So there are no packets to show here. This is what weir would give to nft:");
  const { objects } = await readManifests(decodeURIComponent(EXAMPLES.pathname));
  const { script } = render(objects, { config: defaultConfiguration(), hostname: "demo-node" });
  write("\n");
  for (const chunk of script) write(chunk);
  return error instanceof MissingToolsError ? 1 : 0;
}
