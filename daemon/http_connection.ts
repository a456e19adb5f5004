import type { Logger } from "@logtape/logtape";
import type { Clock } from "../model/clock.ts";
import { endOfHead, formatHead, parseHead, type RequestHead } from "./http_head.ts";
import { type ConnectionLimit, HTTP_LIMITS } from "./http_limits.ts";
import { type Handler, plainText } from "./http_routes.ts";

/** What is done with connections. */
export interface ConnectionOptions {
  /** What the server is for, as people would call it: "health". */
  readonly name: string;
  readonly handler: Handler;
  /** Compress answers for clients that accept it. @default {false} */
  readonly compress?: boolean;
  readonly limit: ConnectionLimit;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What is read of a body that nobody wants before the connection is closed over it. */
const DRAINED_BYTES = 64 * 1024;
const DRAIN_MS = 1_000;

/**
 * One connection of a client that speaks HTTP/1.
 *
 * Every step has a time limit ({@linkcode HTTP_LIMITS}), which Deno's own server has not: it waits for ever for a head
 * that never ends, and keeps idle connections for ever.
 */
export class HttpConnection {
  readonly #connection: Deno.TcpConn;
  readonly #options: ConnectionOptions;
  readonly #buffer = new Uint8Array(HTTP_LIMITS.headBytes);
  /** Bytes in the buffer that are not part of an answered request. */
  #length = 0;
  readonly #closed = new AbortController();

  constructor(connection: Deno.TcpConn, options: ConnectionOptions) {
    this.#connection = connection;
    this.#options = options;
  }

  /** Answers requests until either side has enough. Never rejects. */
  async serve(): Promise<void> {
    const { limit } = this.#options;
    try {
      if (!limit.admit(this)) return;
      let waitMs = HTTP_LIMITS.headMs;
      while (await this.#exchange(waitMs)) {
        waitMs = HTTP_LIMITS.idleMs;
        limit.waiting(this);
      }
    } catch {
      /* the client has gone, or has used up its time */
    } finally {
      limit.release(this);
      this.close();
    }
  }

  /** Ends the connection, whatever is going on. */
  close(): void {
    if (this.#closed.signal.aborted) return;
    this.#closed.abort();
    this.#connection.close();
  }

  /** Takes one request and answers it. Returns whether another one may follow. */
  async #exchange(waitMs: number): Promise<boolean> {
    const text = await this.#readHead(waitMs);
    if (text === undefined) return false;
    this.#options.limit.busy(this);
    let head: RequestHead;
    try {
      if (text === "too large") return await this.#refuse(431, "Request header fields too large\n");
      head = parseHead(text);
    } catch (error) {
      return await this.#refuse(400, `Bad request: ${(error as Error).message}\n`);
    }
    const keepAlive = head.keepAlive && !head.hasBody;
    await this.#send(await this.#answer(head), head, keepAlive);
    if (head.hasBody) await this.#drain();
    return keepAlive && !this.#closed.signal.aborted;
  }

  /** Returns the text of the next head, "too large", or undefined when the client has ended. */
  async #readHead(waitMs: number): Promise<string | "too large" | undefined> {
    if (this.#length === 0 && !await this.#read(waitMs)) return undefined;
    return await this.#within(HTTP_LIMITS.headMs, this.#restOfHead());
  }

  async #restOfHead(): Promise<string | "too large" | undefined> {
    for (let looked = 0;;) {
      const end = endOfHead(this.#buffer, this.#length, looked);
      if (end !== -1) return this.#take(end);
      if (this.#length === this.#buffer.length) return "too large";
      looked = this.#length - 1;
      if (!await this.#read()) return undefined;
    }
  }

  /** Takes a head out of the buffer; what follows it is the beginning of the next request. */
  #take(end: number): string {
    const text = LATIN1.decode(this.#buffer.subarray(0, end)).replace(/(?:\r?\n){2}$/, "");
    this.#buffer.copyWithin(0, end, this.#length);
    this.#length -= end;
    return text;
  }

  /** Reads more into the buffer. Returns false when the client has ended. */
  async #read(waitMs = Infinity): Promise<boolean> {
    const reading = this.#connection.read(this.#buffer.subarray(this.#length));
    const count = await (waitMs === Infinity ? reading : this.#within(waitMs, reading));
    this.#length += count ?? 0;
    return count !== null;
  }

  /** Asks the handler. One that hangs or fails is answered for. */
  async #answer({ method, url, headers }: RequestHead): Promise<Response> {
    const { handler, name, clock, log } = this.#options;
    const done = new AbortController();
    const late = clock.sleep(
      HTTP_LIMITS.answerMs,
      AbortSignal.any([done.signal, this.#closed.signal]),
    )
      .then(() => plainText("The answer takes too long\n", 503));
    try {
      if (["CONNECT", "TRACE", "TRACK"].includes(method.toUpperCase())) {
        return plainText("Method not allowed\n", 405);
      }
      const client = this.#connection.remoteAddr;
      const request = new Request(url, { method, headers });
      return await Promise.race([handler(request, client), late]);
    } catch (error) {
      log.error("Cannot answer a request", { server: name, url, error });
      return plainText("Internal error\n", 500);
    } finally {
      done.abort();
    }
  }

  async #send(response: Response, request: RequestHead, keepAlive: boolean): Promise<void> {
    const answer = this.#compresses(response, request) ? compressed(response) : response;
    const body = await answer.bytes();
    const length = body.length;
    const date = new Date(this.#options.clock.now());
    const head = new TextEncoder().encode(formatHead(answer, { length, keepAlive, date }));
    const bytes = new Uint8Array(head.length + (request.method === "HEAD" ? 0 : length));
    bytes.set(head);
    if (request.method !== "HEAD") bytes.set(body, head.length);
    await this.#within(HTTP_LIMITS.answerMs, this.#write(bytes));
  }

  #compresses(response: Response, { headers }: RequestHead): boolean {
    if (this.#options.compress !== true || response.status !== 200) return false;
    return acceptsGzip(headers.get("accept-encoding") ?? "");
  }

  /** Answers something that is no request, and lets the client read that. Always returns false. */
  async #refuse(status: number, text: string): Promise<boolean> {
    const head = {
      method: "GET",
      url: "",
      headers: new Headers(),
      keepAlive: false,
      hasBody: true,
    };
    await this.#send(plainText(text, status), head, false);
    await this.#drain();
    return false;
  }

  /** Reads on for a moment: closing over unread bytes would reset the connection, and the answer with it. */
  async #drain(): Promise<void> {
    await this.#connection.closeWrite();
    await this.#within(DRAIN_MS, this.#discard());
  }

  async #discard(): Promise<void> {
    for (let total = 0; total < DRAINED_BYTES;) {
      const count = await this.#connection.read(this.#buffer);
      if (count === null) return;
      total += count;
    }
  }

  async #write(bytes: Uint8Array): Promise<void> {
    for (let sent = 0; sent < bytes.length;) {
      sent += await this.#connection.write(bytes.subarray(sent));
    }
  }

  /** Ends the connection when `work` takes longer, which makes it reject. */
  async #within<T>(milliseconds: number, work: Promise<T>): Promise<T> {
    const done = new AbortController();
    void this.#options.clock.sleep(milliseconds, done.signal).then(() => {
      if (!done.signal.aborted) this.close();
    });
    try {
      return await work;
    } finally {
      done.abort();
    }
  }
}

const LATIN1 = new TextDecoder("latin1");

function acceptsGzip(acceptEncoding: string): boolean {
  return acceptEncoding.split(",").some((item) => {
    const [coding = "", ...parameters] = item.split(";").map((part) => part.trim());
    return coding.toLowerCase() === "gzip" &&
      !parameters.some((one) => /^q=0(?:\.0*)?$/i.test(one));
  });
}

function compressed(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.set("Content-Encoding", "gzip");
  headers.set("Vary", "Accept-Encoding");
  const body = response.body?.pipeThrough(new CompressionStream("gzip")) ?? null;
  return new Response(body, { status: response.status, headers });
}
