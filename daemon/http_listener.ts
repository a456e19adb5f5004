import { type ConnectionOptions, HttpConnection } from "./http_connection.ts";

/** What is done with connections, and with which. */
export interface ListenerOptions extends ConnectionOptions {
  /**
   * Tells whether to answer on the address that a client has connected to; its connection is closed otherwise. Of use
   * on wildcards. @default {() => true}
   */
  readonly admits?: (address: Deno.NetAddr) => boolean;
}

/** Milliseconds to wait when the system has no file descriptor for another connection. */
const ACCEPT_RETRY_MS = 100;

/**
 * Serves plain HTTP/1 on `listener` until `signal` aborts; closes it then, and every connection.
 *
 * Request bodies are never read. What a client can use up is bounded by `HTTP_LIMITS` and by the limit of connections.
 */
export async function serveListener(
  listener: Deno.TcpListener,
  options: ListenerOptions,
  signal: AbortSignal,
): Promise<void> {
  const { clock, log, name, admits } = options;
  const open = new Map<HttpConnection, Promise<void>>();
  const stop = () => {
    listener.close();
    for (const connection of open.keys()) connection.close();
  };
  if (signal.aborted) return stop();
  signal.addEventListener("abort", stop, { once: true });
  while (!signal.aborted) {
    try {
      const accepted = await listener.accept();
      if (admits?.(accepted.localAddr) === false) {
        accepted.close();
        continue;
      }
      const connection = new HttpConnection(accepted, options);
      const served = connection.serve().finally(() => open.delete(connection));
      open.set(connection, served);
    } catch (error) {
      if (signal.aborted) break;
      log.debug("Cannot accept a connection", { server: name, error });
      await clock.sleep(ACCEPT_RETRY_MS, signal);
    }
  }
  await Promise.all(open.values());
}
