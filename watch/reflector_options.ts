import type { Logger } from "@logtape/logtape";
import type { Clock } from "../model/clock.ts";
import type { ClusterObject, Kind, ObjectKey } from "../model/objects.ts";
import type { Client } from "./client.ts";
import type { Resource } from "./resource.ts";
import type { Sink } from "./source.ts";

/** The patience of a reflector. Milliseconds. */
export interface ReflectorTiming {
  /** A watch that is silent for this long is replaced. Servers send bookmarks once a minute, at times after two. */
  readonly silenceMs: number;
  /** The same while a list is being read. */
  readonly listSilenceMs: number;
  /** A connection that lived this long was healthy: waiting times start anew. */
  readonly healthyMs: number;
  /** When to try a streaming list again after the server refused it. */
  readonly streamingRetryMs: number;
  /** When to ask again for a kind that the server does not have. */
  readonly absentRetryMs: number;
}

/** The timing against a real server. */
export const REFLECTOR_TIMING: ReflectorTiming = {
  silenceMs: 150_000,
  listSilenceMs: 15_000,
  healthyMs: 10_000,
  streamingRetryMs: 600_000,
  absentRetryMs: 600_000,
};

/** What a reflector is made of. */
export interface ReflectorOptions {
  readonly client: Client;
  readonly resource: Resource;
  readonly sink: Sink;
  readonly clock: Clock;
  readonly log: Logger;
  /** A number from 0 to 1, for jitter. */
  readonly random: () => number;
  readonly timing?: Partial<ReflectorTiming> | undefined;
  /** What the sink holds now (see `IntakeOptions`). */
  readonly held?: ((kind: Kind, key: ObjectKey) => ClusterObject | undefined) | undefined;
  /** Called for everything that is left out as unusable. */
  readonly onSkipped?: ((kind: Kind) => void) | undefined;
}
