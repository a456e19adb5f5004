import { ConfigError } from "../config/config_error.ts";
import { nodeName } from "../config/effective.ts";
import { systemClock } from "../model/clock.ts";
import { type Client, createClient } from "../watch/client.ts";
import { createCredentials } from "../watch/credentials.ts";
import { findAccess } from "../watch/kubeconfig.ts";
import type { RunOptions } from "./options.ts";

/** Options for which everything is there that a start can miss. */
export interface Prepared {
  readonly options: RunOptions;
  /** The name of the Node that weir runs on. */
  readonly nodeName: string;
  /** Reaches the API server; absent with `--manifests`. Closed by who uses it. */
  readonly client: Client | undefined;
}

/** Finds out for which node to run, and how to reach the API server. Rejects when one of the two is not to be found. */
export async function prepare(options: RunOptions): Promise<Prepared> {
  const name = nodeName(options.config, Deno.hostname());
  if (name === "") {
    throw new ConfigError("this machine", [
      { path: "hostnameOverride", message: "The machine has no name, write that of its Node" },
    ]);
  }
  const client = options.manifests === "" ? await clientFor(options) : undefined;
  return { options, nodeName: name, client };
}

/** Returns the client of the API server that the options or the Pod's environment name. */
async function clientFor({ config, master }: RunOptions): Promise<Client> {
  const { kubeconfig } = config.clientConnection;
  const surroundings = { readTextFile: Deno.readTextFile, env: Deno.env.get };
  const access = await findAccess({ kubeconfig, master }, surroundings);
  const credentials = createCredentials(access, { ...surroundings, clock: systemClock });
  const { server, proxy } = access;
  return createClient({
    server,
    credentials,
    clock: systemClock,
    ...(proxy === undefined ? {} : { proxy }),
  });
}
