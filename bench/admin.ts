import type { ApiServer } from "../tests/support/api_server.ts";

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  PATCH: "application/json-patch+json",
  MERGE: "application/merge-patch+json",
};

/** An administrator with one warm connection, so that what is timed is the API server and not the way to it. */
export class Admin implements Disposable {
  readonly #url: string;
  readonly #token: string;
  readonly #http: Deno.HttpClient;

  private constructor({ url, adminToken }: ApiServer, ca: string) {
    this.#url = url;
    this.#token = adminToken;
    this.#http = Deno.createHttpClient({ caCerts: [ca] });
  }

  /** Connects to `server`. */
  static async of(server: ApiServer): Promise<Admin> {
    return new Admin(server, await Deno.readTextFile(`${server.dir}/certs/apiserver.crt`));
  }

  /** Sends a request and waits for its answer; `MERGE` is a merge patch, `PATCH` a JSON patch. Rejects unless it is a success. */
  async send(method: string, path: string, body?: unknown): Promise<void> {
    const response = await fetch(this.#url + path, {
      client: this.#http,
      method: method === "MERGE" ? "PATCH" : method,
      headers: {
        authorization: `Bearer ${this.#token}`,
        "content-type": CONTENT_TYPES[method] ?? "application/json",
      },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  }

  /** Yields what a watch of `path` brings from now on, as it arrives, until `signal` aborts. */
  async *watch(path: string, signal: AbortSignal): AsyncGenerator<Uint8Array, void, void> {
    const options = { client: this.#http, headers: { authorization: `Bearer ${this.#token}` } };
    const list = await fetch(`${this.#url}${path}?limit=1`, options);
    const { metadata } = await list.json() as { metadata: { resourceVersion: string } };
    const query = `watch=1&resourceVersion=${metadata.resourceVersion}`;
    const { body } = await fetch(`${this.#url}${path}?${query}`, options);
    const reader = body!.getReader();
    signal.addEventListener("abort", () => void reader.cancel(), { once: true });
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  }

  [Symbol.dispose](): void {
    this.#http.close();
  }
}
