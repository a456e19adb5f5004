/** Answers one request of the client at an address. Requests have no bodies. */
export type Handler = (request: Request, client: Deno.NetAddr) => Response | Promise<Response>;

/** What a server offers: exact paths, each with its handler. */
export type Routes = Readonly<Record<string, Handler>>;

/** Headers that kube-proxy sends with everything, so that no browser guesses a type. */
const NO_SNIFF = { "X-Content-Type-Options": "nosniff" };

/**
 * Returns a handler that picks the route by the path of the request; any other path is answered with 404.
 *
 * Methods are not looked at, as in kube-proxy: probes may send HEAD, GET or anything else.
 */
export function routed(routes: Routes): Handler {
  const table = new Map(Object.entries(routes));
  return (request, client) => {
    const handler = table.get(new URL(request.url).pathname);
    return handler === undefined
      ? plainText("404 page not found\n", 404)
      : handler(request, client);
  };
}

/** Makes an answer of plain text. */
export function plainText(text: string, status = 200): Response {
  return new Response(text, {
    status,
    headers: { "Content-Type": "text/plain; charset=utf-8", ...NO_SNIFF },
  });
}

/** Makes an answer of JSON from its text. */
export function jsonText(text: string, status = 200): Response {
  return new Response(text, {
    status,
    headers: { "Content-Type": "application/json", ...NO_SNIFF },
  });
}
