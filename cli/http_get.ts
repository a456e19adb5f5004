/** The answer of a server. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Gets `path` from a server over plain HTTP/1.0.
 *
 * `fetch` would go through the proxy that the environment names, and a server of this machine is never behind one.
 * Rejects when the server cannot be reached, or has not answered when `signal` aborts.
 */
export async function httpGet(
  server: Deno.ConnectOptions,
  path: string,
  signal: AbortSignal,
): Promise<HttpAnswer> {
  const connection = await Deno.connect({ ...server, signal });
  const close = () => connection.close();
  if (signal.aborted) close();
  else signal.addEventListener("abort", close, { once: true });
  try {
    const writer = connection.writable.getWriter();
    await writer.write(new TextEncoder().encode(`GET ${path} HTTP/1.0\r\n\r\n`));
    const text = await new Response(connection.readable).text();
    const end = text.indexOf("\r\n\r\n");
    const [, status] = /^HTTP\/1\.[01] (\d{3})/.exec(text) ?? [];
    if (end < 0 || status === undefined) throw new Error("the answer is not HTTP");
    return { status: Number(status), body: text.slice(end + 4) };
  } catch (error) {
    throw signal.aborted ? new Error("there was no answer in time", { cause: error }) : error;
  } finally {
    signal.removeEventListener("abort", close);
    try {
      connection.close();
    } catch { /* closed with its streams */ }
  }
}
