import { type ApiServer, startApiServer } from "../tests/support/api_server.ts";
import { Admin } from "./admin.ts";
import { Cluster, type Shape } from "./cluster.ts";

/** An API server with a cluster in it. */
export interface FilledServer extends AsyncDisposable {
  readonly server: ApiServer;
  readonly admin: Admin;
  readonly cluster: Cluster;
}

/**
 * Starts an API server with the data of `shape`.
 *
 * Filling it takes minutes for 10,000 Services. In the folder `data` a copy is kept of what was filled, and used when there
 * is one.
 */
export async function filledServer(
  shape: Shape,
  data: string | undefined,
  say: (text: string) => void,
): Promise<FilledServer> {
  const kept = data && `${data}/${shape.title.replaceAll(/[^a-z0-9]+/gi, "-")}x${shape.endpoints}`;
  if (kept === undefined) return await serve(shape, say);
  if (!await exists(kept)) {
    await using filled = await serve(shape, say);
    const { dir } = filled.server;
    await filled.server.stop();
    await Deno.mkdir(kept, { recursive: true });
    await copy(`${dir}/etcd`, `${kept}/etcd`);
  }
  return await serve(shape, say, kept);
}

/** Starts one with the data that was `kept`, or fills it. */
async function serve(
  shape: Shape,
  say: (text: string) => void,
  kept?: string,
): Promise<FilledServer> {
  const dir = await Deno.makeTempDir({ prefix: "weir-bench-" });
  if (kept !== undefined) await copy(`${kept}/etcd`, `${dir}/etcd`);
  const server = await startApiServer({ dir });
  const admin = await Admin.of(server);
  const cluster = new Cluster(shape, admin);
  const close = async () => {
    admin[Symbol.dispose]();
    await server.stop();
    await Deno.remove(dir, { recursive: true });
  };
  try {
    if (kept === undefined) {
      say("filling the API server");
      await cluster.fill();
    }
    return { server, admin, cluster, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function copy(from: string, to: string): Promise<void> {
  const { success, stderr } = await new Deno.Command("cp", { args: ["--recursive", from, to] })
    .output();
  if (!success) throw new Error(new TextDecoder().decode(stderr).trim());
}

async function exists(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
