import type { Clock } from "../model/clock.ts";
import type { ObjectMeta } from "../model/objects.ts";
import { ApiError } from "./api_error.ts";
import type { Client } from "./client.ts";

/** Something to tell about an object, for `kubectl describe` and `kubectl get events` to show. */
export interface EventNotice {
  readonly type: "Normal" | "Warning";
  /** Why, in one CamelCase word. */
  readonly reason: string;
  /** What was done or failed, in one CamelCase word. */
  readonly action: string;
  /** The sentence for people; "" when the reason says it all. */
  readonly note: string;
  readonly regarding: EventSubject;
  /**
   * Who can find this: with `cluster` all nodes find the same, so that one Event stands for all of them; with `node` it
   * is news of this process.
   */
  readonly scope: "cluster" | "node";
}

/** The object that an Event is about. */
export interface EventSubject extends Pick<ObjectMeta, "namespace" | "name" | "uid"> {
  readonly apiVersion: string;
  readonly kind: string;
}

/** How often something was noticed. Times are milliseconds since the epoch. */
export interface Occurrences {
  readonly count: number;
  readonly first: number;
  readonly last: number;
}

/** Where Events go. */
export interface EventWriter {
  /** Writes an Event, or brings up to date what was written of it. Rejects with `ApiError` or as `fetch` does. */
  write(notice: EventNotice, occurrences: Occurrences, signal: AbortSignal): Promise<void>;
}

/** What an event writer is made of. */
export interface EventWriterOptions {
  readonly client: Client;
  /** The machine's name, as its kernel knows it. */
  readonly hostname: string;
  readonly clock: Clock;
}

/** What the API server accepts as a note, in bytes. */
const NOTE_BYTES = 1024;

/** What it accepts as the name of an object. */
const NAME_LENGTH = 253;

/**
 * Makes the writer of `events.k8s.io/v1` Events to the API server, in kube-proxy's name (KEP-383).
 *
 * An Event is named after what it says: writing it twice, or on many nodes, leaves one. That it exists already is
 * therefore no failure. News of this process that repeat become a series, which `kubectl` shows as `x12 over 3h`.
 */
export function createEventWriter({ client, hostname, clock }: EventWriterOptions): EventWriter {
  const reportingInstance = `kube-proxy-${hostname}`;
  const startedAt = clock.now();
  return {
    async write(notice, occurrences, signal) {
      const { regarding, scope } = notice;
      const namespace = regarding.namespace || "default";
      const author = scope === "cluster" ? "" : `${reportingInstance} ${startedAt}`;
      const name = await nameOf(notice, author);
      const path = `/apis/events.k8s.io/v1/namespaces/${namespace}/events`;
      const { count, first, last } = occurrences;
      const eventTime = microTime(scope === "node" ? first : last); // of a series it may not change
      const event = { ...eventOf(notice, { namespace, name, reportingInstance }), eventTime };
      if (scope === "node" && count > 1) {
        const series = { count, lastObservedTime: microTime(last) };
        const body = JSON.stringify({ ...event, series });
        return await discard(client.request(`${path}/${name}`, { method: "PUT", body, signal }));
      }
      const body = JSON.stringify(event);
      try {
        await discard(client.request(path, { method: "POST", body, signal }));
      } catch (error) {
        if (!(error instanceof ApiError && error.reason === "AlreadyExists")) throw error;
      }
    },
  };
}

function eventOf(
  { type, reason, action, note, regarding }: EventNotice,
  { namespace, name, reportingInstance }: Record<
    "namespace" | "name" | "reportingInstance",
    string
  >,
): object {
  return {
    apiVersion: "events.k8s.io/v1",
    kind: "Event",
    metadata: { namespace, name },
    reportingController: "kube-proxy",
    reportingInstance,
    type,
    reason,
    action,
    note: shortened(note),
    regarding,
  };
}

/** Names an Event after its subject, as others do, and everything that tells it from others. */
async function nameOf(
  { type, reason, action, note, regarding }: EventNotice,
  author: string,
): Promise<string> {
  const identity = JSON.stringify([type, reason, action, note, regarding, author]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(identity));
  const hash = new Uint8Array(digest).toHex().slice(0, 16);
  return `${regarding.name.slice(0, NAME_LENGTH - hash.length - 1)}.${hash}`;
}

function shortened(note: string): string {
  const { read } = new TextEncoder().encodeInto(note, new Uint8Array(NOTE_BYTES));
  if (read === note.length) return note;
  const head = new TextEncoder().encodeInto(note, new Uint8Array(NOTE_BYTES - 3));
  return `${note.slice(0, head.read)}...`;
}

/** Formats a time as `MicroTime` is read: RFC 3339 with exactly six decimals. */
function microTime(milliseconds: number): string {
  return new Date(milliseconds).toISOString().replace("Z", "000Z");
}

/** Waits for an answer and lets its body go, which would keep the stream open. */
async function discard(answer: Promise<Response>): Promise<void> {
  await (await answer).body?.cancel();
}
