import { encodeBody, encodeEvent, frame } from "./protobuf.ts";

/** How a server writes what it says. */
export type Encoding = "JSON" | "protobuf";

/** The kinds by the end of their paths. */
const KIND_OF: Readonly<Record<string, string>> = {
  services: "Service",
  endpointslices: "EndpointSlice",
  nodes: "Node",
  servicecidrs: "ServiceCIDR",
};
const PROTOBUF = "application/vnd.kubernetes.protobuf";

/**
 * An HTTP server whose every answer the test gives by hand, so that it can misbehave in any way.
 *
 * `await server.receive()` waits for the next request and returns it, to be answered. Only the question for the
 * server's history (`default/kubernetes`) is answered by itself, from `lineage` and `version`.
 */
export class BadServer implements AsyncDisposable {
  /** The uid that the history goes by, and the newest version in it. */
  lineage = "uid-1";
  version = "1000000";
  /** What watches, lists and refusals are written in. Everything else is JSON. */
  encoding: Encoding = "JSON";
  /** How often the history was asked for. */
  historyRequests = 0;
  readonly url: string;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  readonly #waiting: Exchange[] = [];
  readonly #open = new Set<Exchange>();
  #wake: () => void = () => {};

  /** With a certificate and its key in PEM it speaks TLS. */
  constructor(tls?: { readonly cert: string; readonly key: string }) {
    const scheme = tls === undefined ? "http" : "https";
    const options = { hostname: "127.0.0.1", port: 0, onListen() {}, ...tls };
    this.#server = Deno.serve(options, (request, info) => this.#handle(request, info));
    this.url = `${scheme}://127.0.0.1:${this.#server.addr.port}`;
  }

  /** Waits for the next request. Rejects when none comes within 5 s. */
  async receive(): Promise<Exchange> {
    const timer = setTimeout(() => this.#wake(), 5000);
    if (this.#waiting.length === 0) await new Promise<void>((resolve) => this.#wake = resolve);
    clearTimeout(timer);
    const exchange = this.#waiting.shift();
    if (exchange === undefined) throw new Error("No request came within 5 s");
    return exchange;
  }

  /** How many requests have come that the test has not received. */
  get pending(): number {
    return this.#waiting.length;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const exchange of this.#open) exchange.abandon();
    await this.#server.shutdown();
  }

  #handle(
    request: Request,
    info: Deno.ServeHandlerInfo<Deno.NetAddr>,
  ): Response | Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname === "/api/v1/namespaces/default/services") {
      this.historyRequests++;
      const items = [{ metadata: { uid: this.lineage } }];
      return Response.json({ metadata: { resourceVersion: this.version }, items });
    }
    const exchange = new Exchange(url, request.headers, info.remoteAddr.port, this.encoding);
    this.#open.add(exchange);
    this.#waiting.push(exchange);
    this.#wake();
    return exchange.response;
  }
}

/** One request and what is answered to it. */
export class Exchange {
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Headers;
  /** The client's port: requests with the same one share a connection. */
  readonly port: number;
  readonly response: Promise<Response>;
  readonly #respond: (response: Response) => void;
  readonly #encoding: Encoding;
  #body: EventStream | undefined;

  constructor(url: URL, headers: Headers, port: number, encoding: Encoding) {
    this.port = port;
    this.#encoding = encoding;
    this.path = url.pathname;
    this.query = url.searchParams;
    this.headers = headers;
    const { promise, resolve } = Promise.withResolvers<Response>();
    this.response = promise;
    this.#respond = resolve;
  }

  /** Answers with a JSON document. */
  json(body: unknown, status = 200, headers: HeadersInit = {}): void {
    this.#respond(Response.json(body, { status, headers }));
  }

  /** Answers with a page of the list that was asked for. */
  page(metadata: object, items: readonly object[]): void {
    this.#answer(`${this.#kind}List`, { metadata, items });
  }

  /** Refuses with a `Status` object. */
  refuse(code: number, reason = "", message = "refused", headers: HeadersInit = {}): void {
    this.#answer("Status", { kind: "Status", code, reason, message }, code, headers);
  }

  /** Answers 200 and leaves the body open, to be filled. */
  stream(): EventStream {
    return this.#stream({});
  }

  /** Like {@linkcode Exchange.stream}, but more bytes are promised than ever come: its end is a broken connection. */
  doomedStream(): EventStream {
    return this.#stream({ "content-length": "9999999" });
  }

  get #kind(): string {
    return KIND_OF[this.path.split("/").at(-1)!] ?? "Service";
  }

  #answer(kind: string, object: object, status = 200, headers: HeadersInit = {}): void {
    if (this.#encoding === "JSON") return this.json(object, status, headers);
    const all = { "content-type": PROTOBUF, ...Object.fromEntries(new Headers(headers)) };
    this.#respond(new Response(encodeBody(kind, object), { status, headers: all }));
  }

  #stream(headers: Record<string, string>): EventStream {
    const protobuf = this.#encoding === "protobuf";
    const type = protobuf ? `${PROTOBUF};stream=watch` : "application/json";
    this.#body = protobuf ? new ProtobufStream(this.#kind) : new EventStream();
    const all = { "content-type": type, ...headers };
    this.#respond(new Response(this.#body.readable, { headers: all }));
    return this.#body;
  }

  /** Ends what is unanswered or open, so that the server can close. */
  abandon(): void {
    this.#respond(new Response(null, { status: 500 }));
    this.#body?.end();
  }
}

/** The body of a watch, in JSON. */
export class EventStream {
  readonly readable: ReadableStream<Uint8Array>;
  /** True when the client has closed it. */
  cancelled = false;
  #controller!: ReadableStreamDefaultController<Uint8Array>;
  #ended = false;

  constructor() {
    this.readable = new ReadableStream({
      start: (controller) => {
        this.#controller = controller;
      },
      cancel: () => {
        this.cancelled = true;
        this.#ended = true;
      },
    });
  }

  /** Sends one event. */
  event(type: string, object: unknown): void {
    this.text(`${JSON.stringify({ type, object })}\n`);
  }

  /** Sends something that is no event. */
  garbage(): void {
    this.text("<html>\n");
  }

  /** Sends the bookmark that completes a streaming list at `version`. */
  endOfList(version: string): void {
    const annotations = { "k8s.io/initial-events-end": "true" };
    this.event("BOOKMARK", { metadata: { resourceVersion: version, annotations } });
  }

  bookmark(version: string): void {
    this.event("BOOKMARK", { metadata: { resourceVersion: version } });
  }

  text(text: string): void {
    this.bytes(new TextEncoder().encode(text));
  }

  bytes(bytes: Uint8Array): void {
    this.#controller.enqueue(bytes);
  }

  /** Ends the stream as a server does whose time is up. */
  end(): void {
    if (!this.#ended) this.#controller.close();
    this.#ended = true;
  }
}

/** The body of a watch, in protobuf. */
class ProtobufStream extends EventStream {
  readonly #kind: string;

  constructor(kind: string) {
    super();
    this.#kind = kind;
  }

  override event(type: string, object: unknown): void {
    this.bytes(encodeEvent(type, type === "ERROR" ? "Status" : this.#kind, object));
  }

  override garbage(): void {
    this.bytes(frame(new TextEncoder().encode("<html>")));
  }
}
