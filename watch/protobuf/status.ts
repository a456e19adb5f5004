import type { Status } from "../api_error.ts";
import { readBody } from "./envelope.ts";
import { messageFields, WireError, type WireReader } from "./wire_reader.ts";

/** What is read of a Status: the fields that are there. */
interface StatusReading {
  code?: number;
  reason?: string;
  message?: string;
  details: { retryAfterSeconds: number };
}

const DETAILS = messageFields<StatusReading["details"]>({
  5: (from, details) => details.retryAfterSeconds = from.int32("retryAfterSeconds"),
});

const STATUS = messageFields<StatusReading>({
  3: (from, status) => status.message = from.text("message"),
  4: (from, status) => status.reason = from.text("reason"),
  5: (from, status) => from.message("details", status.details, DETAILS),
  6: (from, status) => status.code = from.int32("code"),
});

/** Reads `meta/v1` Status, whose own message is the current one. */
export function readStatus(from: WireReader): Status {
  return from.fill<StatusReading>({ details: { retryAfterSeconds: 0 } }, STATUS);
}

/** Reads a whole answer that is a Status. Of one that is none nothing is known. */
export function decodeStatus(bytes: Uint8Array): Status {
  try {
    return readBody(bytes, (from, kind) => kind === "Status" ? readStatus(from) : {});
  } catch (error) {
    if (error instanceof WireError) return {};
    throw error;
  }
}
