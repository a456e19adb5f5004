import { isProtobuf } from "./content_type.ts";
import { decodeStatus } from "./protobuf/status.ts";

/** An answer of the API server that is not a success. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  /** The HTTP status, or the code of the `Status` object in a watch stream. */
  readonly code: number;
  /** The machine-readable reason, e.g. `Expired`; "" when the server gave none. */
  readonly reason: string;
  /** The wait that the server asks for, in milliseconds. */
  readonly retryAfterMs: number | undefined;

  constructor(code: number, reason: string, message: string, retryAfterMs?: number) {
    super(message);
    this.code = code;
    this.reason = reason;
    this.retryAfterMs = retryAfterMs;
  }

  /** True when the resource version asked for is no longer known: only a complete list helps. */
  get isExpired(): boolean {
    return this.code === 410 || this.reason === "Expired" || this.reason === "Gone" ||
      this.message.includes("too old resource version");
  }

  /** True when the server does not take the parameters of the request. */
  get isInvalid(): boolean {
    return this.code === 400 || this.code === 422;
  }

  /** True when the resource version asked for lies ahead of the server: it has lost data, or lags behind another. */
  get isAhead(): boolean {
    return this.message.includes("Too large resource version");
  }
}

const decoder = new TextDecoder();

/** The part of a `meta/v1` Status that matters here. All of it is untrusted. */
export interface Status {
  readonly code?: unknown;
  readonly reason?: unknown;
  readonly message?: unknown;
  readonly details?: { readonly retryAfterSeconds?: unknown };
}

/** Makes the error for a refused request from its HTTP status, its `Retry-After` header and its body. */
export function errorOfResponse(response: Response, body: Uint8Array, now: number): ApiError {
  const status = isProtobuf(response) ? decodeStatus(body) : parseStatus(decoder.decode(body));
  return new ApiError(
    response.status,
    typeof status.reason === "string" ? status.reason : "",
    (typeof status.message === "string" && shorten(status.message)) || response.statusText ||
      "no explanation",
    retryAfter(response.headers.get("retry-after"), now) ?? retryAfterOfStatus(status),
  );
}

/** Makes the error for the `Status` object of an ERROR event. */
export function errorOfStatus(object: unknown): ApiError {
  const status = (typeof object === "object" && object !== null ? object : {}) as Status;
  return new ApiError(
    typeof status.code === "number" ? status.code : 500,
    typeof status.reason === "string" ? status.reason : "",
    typeof status.message === "string" ? shorten(status.message) : "no explanation",
    retryAfterOfStatus(status),
  );
}

/** Reads a Status in JSON. Anything else is taken as the message. */
function parseStatus(body: string): Status {
  const text = { message: body.trim() };
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed !== "object" || parsed === null) return text;
    return typeof (parsed as Status).message === "string" ? parsed : { ...parsed, ...text };
  } catch {
    return text;
  }
}

function retryAfterOfStatus(status: Status): number | undefined {
  const seconds = status.details?.retryAfterSeconds;
  return typeof seconds === "number" && seconds > 0 ? seconds * 1000 : undefined;
}

/** Reads a `Retry-After` header (RFC 9110 §10.2.3): seconds, or a date. */
function retryAfter(header: string | null, now: number): number | undefined {
  if (header === null) return undefined;
  if (/^\d+$/.test(header)) return Number(header) * 1000;
  const date = Date.parse(header);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}

/** Error pages of proxies can be long. */
function shorten(text: string): string {
  return text.length > 500 ? `${text.slice(0, 497)}...` : text;
}
