import type { KubeProxyConfiguration } from "../config/configuration.ts";
import { answer } from "../daemon/explain/answer.ts";
import { EXPLAIN_PATH } from "../daemon/explain/route.ts";
import { formatAnswer } from "../daemon/explain/text.ts";
import { readManifests } from "../watch/manifest_source.ts";
import { writeStdout } from "./dry_run.ts";
import type { ExplainRequest } from "./explain_request.ts";
import { httpGet } from "./http_get.ts";
import type { RunOptions } from "./options.ts";
import { derive } from "./render.ts";

/** Milliseconds that the answer may take. */
const TIMEOUT_MS = 30_000;

/**
 * Prints why an address or a Service is reachable or not: asks the weir that runs on this node, or with `--manifests` says
 * what one would do with the objects of a folder.
 *
 * Returns the exit code: 1 when nobody can answer.
 */
export async function printExplanation(
  { config, manifests }: RunOptions,
  request: ExplainRequest,
): Promise<number> {
  try {
    writeStdout(
      manifests === ""
        ? await ask(config.metricsBindAddress, request)
        : await explainFolder(manifests, config, request),
    );
    return 0;
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    Deno.stderr.writeSync(new TextEncoder().encode(`Error: ${text}\n`));
    return 1;
  }
}

/** Asks the weir whose metrics server listens on an address of this machine. */
async function ask(bindAddress: string, { target, from, output }: ExplainRequest): Promise<string> {
  const query = new URLSearchParams({ target, output, ...(from === undefined ? {} : { from }) });
  const { hostname, port } = reachable(bindAddress);
  const where = `${hostname}:${port}`;
  let response;
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    response = await httpGet({ hostname, port }, `${EXPLAIN_PATH}?${query}`, signal);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(
      `Cannot ask weir at ${where}: ${reason}. Is it running on this node, and is that its ` +
        "metrics server? Say where it is with --metrics-bind-address or --config, or explain a folder " +
        "with --manifests",
      { cause },
    );
  }
  const { status, body } = response;
  if (status === 200) return body;
  if (status === 404) {
    throw new Error(
      `Cannot ask weir at ${where}: what listens there is another program or version`,
    );
  }
  throw new Error(`Cannot ask weir at ${where}: it says "${body.trim()}" (${status})`);
}

/** Returns an address at which a server that listens on `bindAddress` can be reached from this machine. */
function reachable(bindAddress: string): { readonly hostname: string; readonly port: number } {
  const at = bindAddress.lastIndexOf(":");
  const host = bindAddress.slice(0, at).replace(/^\[|\]$/g, "");
  const isWildcard = ["", "0.0.0.0", "::"].includes(host);
  return { hostname: isWildcard ? "127.0.0.1" : host, port: Number(bindAddress.slice(at + 1)) };
}

async function explainFolder(
  folder: string,
  config: KubeProxyConfiguration,
  { question, output }: ExplainRequest,
): Promise<string> {
  const { objects } = await readManifests(folder);
  const found = await answer(question, derive(objects, { config, hostname: Deno.hostname() }));
  return output === "json" ? `${JSON.stringify(found, undefined, 2)}\n` : formatAnswer(found);
}
