import type { ApiServer } from "./api_server.ts";

/**
 * What is wrong between weir and the API server:
 *
 * - `unavailable`: what is open breaks off, and a load balancer answers that there is nobody
 * - `slow`: every answer, and every piece of one, comes late
 * - `garbage`: every answer is 100 MB that mean nothing
 * - `bad objects`: lists have thousands of objects in them that nobody can use
 */
export type ApiFault = "unavailable" | "slow" | "garbage" | "bad objects";

/** What an answer of garbage consists of. */
export type Garbage = "bytes" | "lines" | "one line";

/** Bytes of one answer of garbage. */
export const GARBAGE_BYTES = 100_000_000;

/** Objects of which nothing can be used, in a list with any. */
export const BAD_OBJECTS = 10_000;

/** Milliseconds by which a slow answer, and each piece of it, is late. */
const LATE_MS = 300;

/**
 * Stands between weir and a real API server, speaks plain HTTP to weir, and passes everything on, but for a fault that
 * can be switched on. It accepts one token, which can be changed.
 */
export class FaultyApi implements AsyncDisposable {
  /** Requests with another token are unauthorised. */
  token = "first-token";
  garbage: Garbage = "bytes";
  /** Bytes of garbage that were taken. */
  taken = 0;
  /** Requests that were refused for their token. */
  refused = 0;
  readonly url: string;
  readonly #api: ApiServer;
  readonly #client: Deno.HttpClient;
  readonly #server: Deno.HttpServer<Deno.NetAddr>;
  #fault: ApiFault | undefined;
  /** One for each request that is open: they are held here, as a stream alone does not hold on to its signal. */
  readonly #open = new Set<AbortController>();

  constructor(api: ApiServer, client: Deno.HttpClient) {
    this.#api = api;
    this.#client = client;
    const options = { hostname: "127.0.0.1", port: 0, onListen() {}, onError: noServer };
    this.#server = Deno.serve(options, (request) => this.#answer(request));
    this.url = `http://127.0.0.1:${this.#server.addr.port}`;
  }

  static async create(api: ApiServer): Promise<FaultyApi> {
    const authority = await Deno.readTextFile(`${api.dir}/certs/apiserver.crt`);
    return new FaultyApi(api, Deno.createHttpClient({ caCerts: [authority] }));
  }

  /** Switches to a fault, or to none, and cuts everything that is open. */
  set(fault: ApiFault | undefined): void {
    this.#fault = fault;
    for (const one of this.#open) one.abort();
    this.#open.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.set("unavailable");
    await this.#server.shutdown();
    this.#client.close();
  }

  async #answer(request: Request): Promise<Response> {
    if (request.headers.get("authorization") !== `Bearer ${this.token}`) {
      this.refused++;
      return Response.json({ kind: "Status", code: 401, message: "Unauthorized" }, { status: 401 });
    }
    const open = new AbortController();
    this.#open.add(open);
    const { signal } = open;
    const isList = new URL(request.url).searchParams.has("watch");
    switch (this.#fault) {
      case "unavailable":
        return noServer();
      case "slow":
        await new Promise((resolve) => setTimeout(resolve, LATE_MS));
        return await this.#pass(request, passage(signal, { lateMs: LATE_MS }));
      case "garbage":
        return new Response(this.#trash(signal), { headers: contentType(this.garbage) });
      case "bad objects":
        return await this.#pass(
          request,
          passage(signal, { before: isList ? badObjects(request.url) : "" }),
        );
      default:
        return await this.#pass(request, passage(signal));
    }
  }

  async #pass(
    request: Request,
    passage: TransformStream<Uint8Array, Uint8Array>,
  ): Promise<Response> {
    const { pathname, search } = new URL(request.url);
    const headers = new Headers(request.headers);
    headers.set("authorization", `Bearer ${this.#api.adminToken}`);
    if (this.#fault === "bad objects") headers.set("accept", "application/json");
    const body = request.body === null ? null : await request.text();
    const answer = await fetch(this.#api.url + pathname + search, {
      client: this.#client,
      method: request.method,
      headers,
      body,
    });
    const kept = new Headers({ "content-type": answer.headers.get("content-type") ?? "" });
    const passed = answer.body?.pipeThrough(passage) ?? null;
    return new Response(passed, { status: answer.status, headers: kept });
  }

  #trash(signal: AbortSignal): ReadableStream<Uint8Array> {
    const piece = pieceOf(this.garbage);
    let sent = 0;
    return new ReadableStream({
      pull: (controller) => {
        if (signal.aborted || sent >= GARBAGE_BYTES) return controller.close();
        controller.enqueue(piece.slice());
        sent += piece.length;
        this.taken += piece.length;
      },
    });
  }
}

function noServer(): Response {
  return new Response("no server is available\n", { status: 503 });
}

/** Lets a body through until `signal` aborts: behind something else, and each piece of it late. */
function passage(
  signal: AbortSignal,
  { lateMs = 0, before = "" } = {},
): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    start(controller) {
      signal.addEventListener("abort", () => controller.error(new Error("cut off")));
      if (before !== "") controller.enqueue(new TextEncoder().encode(before));
    },
    async transform(chunk, controller) {
      if (lateMs > 0) await new Promise((resolve) => setTimeout(resolve, lateMs));
      controller.enqueue(chunk);
    },
  });
}

function contentType(garbage: Garbage): HeadersInit {
  const protobuf = "application/vnd.kubernetes.protobuf;stream=watch";
  return { "content-type": garbage === "bytes" ? protobuf : "application/json" };
}

function pieceOf(garbage: Garbage): Uint8Array {
  switch (garbage) {
    case "bytes":
      return crypto.getRandomValues(new Uint8Array(65_536)); // its first four are a length
    case "lines":
      return new TextEncoder().encode("<html>You shall not pass</html>\n".repeat(2_000));
    case "one line":
      return new TextEncoder().encode("{".repeat(65_536));
  }
}

/** Events of a list with objects of the kind that `url` asks for, each of them bad in another way. */
function badObjects(url: string): string {
  const kind = /\/(services|endpointslices)\?/.exec(url)?.[1];
  if (kind === undefined) return "";
  const metadata = (index: number) => ({
    name: `bad-${index}`,
    namespace: "default",
    resourceVersion: "1",
    labels: { "kubernetes.io/service-name": "web" },
  });
  const bad: readonly ((index: number) => object)[] = kind === "services"
    ? [
      (index) => ({ metadata: metadata(index), spec: { clusterIP: {}, ports: [{ port: 80 }] } }),
      (index) => ({ metadata: metadata(index), spec: { clusterIP: "10.96.9.9", ports: 80 } }),
      (index) => ({ metadata: { ...metadata(index), name: null } }),
      (index) => ({ metadata: metadata(index), spec: { ports: [{ port: "http" }] } }),
    ]
    : [
      (index) => ({ metadata: metadata(index), addressType: "IPv4", endpoints: "10.0.0.1" }),
      (index) => ({
        metadata: metadata(index),
        addressType: "IPv4",
        endpoints: [{ addresses: 1 }],
      }),
      (index) => ({ metadata: metadata(index), addressType: 4, endpoints: [] }),
    ];
  return Array.from({ length: BAD_OBJECTS }, (_, index) => {
    const object = bad[index % bad.length]?.(index);
    return `${JSON.stringify({ type: "ADDED", object: { kind: KINDS[kind], ...object } })}\n`;
  }).join("");
}

const KINDS: Readonly<Record<string, string>> = {
  services: "Service",
  endpointslices: "EndpointSlice",
};
