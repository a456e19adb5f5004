/** The first lines of a request: everything but its body. */
export interface RequestHead {
  readonly method: string;
  /** Absolute, on a host of no meaning: only path and query count. */
  readonly url: string;
  readonly headers: Headers;
  /** Whether the client wants to send another request over the same connection. */
  readonly keepAlive: boolean;
  /** Whether a body follows, which nobody is going to read. */
  readonly hasBody: boolean;
}

const REQUEST_LINE =
  /^([!#$%&'*+.^_`|~0-9A-Za-z-]+) (?:http:\/\/[^/?\s]*)?(\/[\x21-\x7e]*) HTTP\/1\.([01])$/;
const FIELD = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[ \t]*([\t\x20-\x7e\x80-\xff]*?)[ \t]*$/;

/**
 * Reads a request's head, without the empty line that ends it, in Latin-1 (RFC 9112).
 *
 * It is strict where leniency has led servers to different readings of one request: no folded lines, no blanks before a
 * colon, one Host. Throws a SyntaxError that says what is wrong.
 */
export function parseHead(text: string): RequestHead {
  const [first = "", ...fields] = text.split(/\r?\n/);
  const [, method, target = "", minor] = REQUEST_LINE.exec(first) ?? [];
  if (method === undefined) throw new SyntaxError("malformed request line");
  const headers = new Headers();
  for (const field of fields) {
    const [, name, value = ""] = FIELD.exec(field) ?? [];
    if (name === undefined) throw new SyntaxError("malformed header");
    if (/^host$/i.test(name) && headers.has("host")) throw new SyntaxError("more than one Host");
    headers.append(name, value);
  }
  if (minor === "1" && !headers.has("host")) throw new SyntaxError("missing Host header");
  return {
    method,
    url: `http://localhost${target}`,
    headers,
    keepAlive: minor === "1" && !/(?:^|,)\s*close\s*(?:,|$)/i.test(headers.get("connection") ?? ""),
    hasBody: headers.has("transfer-encoding") || Number(headers.get("content-length") ?? 0) !== 0,
  };
}

/** What each status is called. */
const REASONS: Readonly<Record<number, string>> = {
  200: "OK",
  400: "Bad Request",
  403: "Forbidden",
  404: "Not Found",
  405: "Method Not Allowed",
  406: "Not Acceptable",
  431: "Request Header Fields Too Large",
  500: "Internal Server Error",
  503: "Service Unavailable",
};

/** Writes the head of an answer, with the empty line that ends it. */
export function formatHead(
  { status, headers }: Pick<Response, "status" | "headers">,
  { length, keepAlive, date }: {
    /** Bytes of the body. */
    readonly length: number;
    readonly keepAlive: boolean;
    readonly date: Date;
  },
): string {
  const fields = [...headers, ["content-length", String(length)], ["date", date.toUTCString()]];
  if (!keepAlive) fields.push(["connection", "close"]);
  const lines = fields.map(([name = "", value]) => `${canonical(name)}: ${value}`);
  return [`HTTP/1.1 ${status} ${REASONS[status] ?? ""}`, ...lines, "", ""].join("\r\n");
}

/** Header names as Go and most others write them: `x-content-type-options` becomes `X-Content-Type-Options`. */
function canonical(name: string): string {
  return name.replace(/(?<=^|-)[a-z]/g, (letter) => letter.toUpperCase());
}

/** Returns where a head ends: the index behind its empty line, or -1 when that has not come by `end`. */
export function endOfHead(bytes: Uint8Array, end: number, from = 0): number {
  for (let index = Math.max(1, from); index < end; index++) {
    if (bytes[index] !== LF) continue;
    const before = bytes[index - 1] === CR ? index - 2 : index - 1;
    if (before >= 0 && bytes[before] === LF) return index + 1;
  }
  return -1;
}

const CR = 13;
const LF = 10;
