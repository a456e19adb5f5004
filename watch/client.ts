import type { Clock } from "../model/clock.ts";
import { errorOfResponse } from "./api_error.ts";
import { ACCEPT_JSON } from "./content_type.ts";
import type { Credentials, Presented } from "./credentials.ts";
import { SilenceError, unlessAborted } from "./deadline.ts";
import { readBytes } from "./pieces.ts";

/** One request. */
export interface RequestOptions {
  /** Ends the request, and the reading of its body. */
  readonly signal: AbortSignal;
  /** @default {"GET"} */
  readonly method?: string;
  /** A JSON text. */
  readonly body?: string;
  /** The media types of the answer. @default {"application/json"} */
  readonly accept?: string;
}

/** A client of one API server. */
export interface Client {
  /** The server's URL, for messages. */
  readonly server: string;
  /**
   * Sends a request for `path` (with query) and resolves once the headers of a successful answer are there.
   *
   * A 401 is tried once more at once with credentials that are read anew. Rejects with `ApiError` for any other
   * refusal, with `SilenceError` when no answer comes in time, else with what `fetch` says.
   */
  request(path: string, options: RequestOptions): Promise<Response>;
  /**
   * Says that the connection under `response` is dead: later requests use a new one.
   *
   * HTTP/2 sends all requests over one connection, and `fetch` shows nothing of its health, so that a new request
   * after a silence would go down the same hole.
   */
  distrust(response: Response): void;
  /** Closes the connections. Requests after it fail. */
  close(): void;
}

/** What a client is made of. */
export interface ClientOptions {
  readonly server: string;
  readonly credentials: Credentials;
  readonly clock: Clock;
  /** A proxy for all connections. */
  readonly proxy?: string;
  /** Milliseconds until the headers of an answer must be there, connecting included. @default {30_000} */
  readonly answerMs?: number;
  /** @default {"weir"} */
  readonly userAgent?: string;
}

/** More than any honest error answer. */
const ERROR_BYTES = 64 * 1024;

/** Makes a client on Deno's `fetch`, which speaks HTTP/2 to a TLS server. */
export function createClient(options: ClientOptions): Client {
  return new FetchClient(options);
}

class FetchClient implements Client {
  readonly server: string;
  readonly #options: ClientOptions;
  readonly #origins = new WeakMap<Response, Deno.HttpClient>();
  #http: { readonly client: Deno.HttpClient; readonly identity: string } | undefined;
  #closed = false;

  constructor(options: ClientOptions) {
    this.server = options.server;
    this.#options = options;
  }

  async request(path: string, options: RequestOptions): Promise<Response> {
    let response = await this.#send(path, options);
    if (response.status === 401) {
      await response.body?.cancel();
      this.#options.credentials.invalidate();
      response = await this.#send(path, options);
    }
    if (response.ok) return response;
    const body = await readBytes(response, ERROR_BYTES);
    throw errorOfResponse(response, body, this.#options.clock.now());
  }

  distrust(response: Response): void {
    if (this.#origins.get(response) === this.#http?.client) this.#disconnect();
  }

  close(): void {
    this.#closed = true;
    this.#disconnect();
  }

  /** Waits for the headers of an answer for a limited time; the body may take as long as the request's signal lets it. */
  async #send(path: string, options: RequestOptions): Promise<Response> {
    const { clock, answerMs = 30_000 } = this.#options;
    const late = new AbortController();
    const answered = new AbortController();
    clock.sleep(answerMs, answered.signal).then(() => {
      if (!answered.signal.aborted) late.abort(new SilenceError(answerMs));
    });
    const signal = AbortSignal.any([options.signal, late.signal]);
    let client: Deno.HttpClient | undefined;
    try {
      // A plugin that makes credentials can hang too.
      const presented = await unlessAborted(this.#options.credentials.current(), signal);
      client = this.#connect(presented);
      const response = await fetch(this.server + path, {
        client,
        method: options.method ?? "GET",
        headers: this.#headers(presented, options),
        body: options.body ?? null,
        signal,
      });
      this.#origins.set(response, client);
      return response;
    } catch (error) {
      if (!late.signal.aborted) throw error;
      if (client !== undefined && client === this.#http?.client) this.#disconnect();
      throw late.signal.reason;
    } finally {
      answered.abort();
    }
  }

  #headers(presented: Presented, options: RequestOptions): Headers {
    const headers = new Headers({ accept: options.accept ?? ACCEPT_JSON });
    headers.set("user-agent", this.#options.userAgent ?? "weir");
    if (presented.authorization !== undefined) {
      headers.set("authorization", presented.authorization);
    }
    if (options.body !== undefined) headers.set("content-type", "application/json");
    return headers;
  }

  /** The connection pool that presents these certificates: a new one when they have changed. */
  #connect(presented: Presented): Deno.HttpClient {
    if (this.#closed) throw new Error(`Cannot ask "${this.server}": the client is closed`);
    const { ca, cert, key } = presented;
    const identity = JSON.stringify([ca, cert, key]);
    if (this.#http?.identity === identity) return this.#http.client;
    this.#disconnect();
    const client = Deno.createHttpClient({
      ...(ca !== undefined && { caCerts: [ca] }),
      ...(cert !== undefined && key !== undefined && { cert, key }),
      ...(this.#options.proxy !== undefined && { proxy: { url: this.#options.proxy } }),
    } as Deno.CreateHttpClientOptions);
    this.#http = { client, identity };
    return client;
  }

  /** Later requests open a new connection; streams on the old one go on until they end. */
  #disconnect(): void {
    this.#http?.client.close();
    this.#http = undefined;
  }
}
