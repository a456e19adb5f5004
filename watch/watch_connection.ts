import type { Clock } from "../model/clock.ts";
import type { Kind } from "../model/objects.ts";
import type { Client } from "./client.ts";
import { Deadline } from "./deadline.ts";
import { type EventBatch, readEvents } from "./event_stream.ts";

/** What one watch is made of. */
export interface WatchConnectionOptions {
  readonly client: Client;
  readonly clock: Clock;
  readonly kind: Kind;
  readonly path: string;
  /** The media types to ask for. */
  readonly accept: string;
  /** Milliseconds that the server may be silent, as things stand. */
  readonly patience: () => number;
  /** Called when the answer begins. What it starts under the signal is ended, and waited for, with the watch. */
  readonly onOpen: (signal: AbortSignal) => Promise<void>;
  /** Called with what each piece of the answer says. */
  readonly onEvents: (events: EventBatch) => void;
}

/**
 * Reads one watch until the server ends it.
 *
 * Rejects with `SilenceError` when the server is silent for too long, and with what `onEvents` throws.
 */
export async function readWatch(
  options: WatchConnectionOptions,
  signal: AbortSignal,
): Promise<void> {
  const { client, clock, kind, path, accept, patience, onOpen, onEvents } = options;
  using deadline = new Deadline(clock, signal);
  const response = await client.request(path, { signal: deadline.signal, accept });
  const beside = onOpen(deadline.signal);
  deadline.allow(patience());
  try {
    for await (const events of readEvents(response, kind)) {
      onEvents(events);
      deadline.allow(patience());
    }
  } catch (error) {
    if (deadline.silence !== undefined) client.distrust(response);
    throw deadline.silence ?? error;
  } finally {
    deadline[Symbol.dispose]();
    await beside;
  }
}
