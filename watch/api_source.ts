import type { Logger } from "@logtape/logtape";
import type { Clock } from "../model/clock.ts";
import { type ClusterObject, type Kind, KINDS, type ObjectKey } from "../model/objects.ts";
import type { Client } from "./client.ts";
import { Reflector } from "./reflector.ts";
import type { ReflectorTiming } from "./reflector_options.ts";
import { resourceOf } from "./resource.ts";
import type { Sink, Source } from "./source.ts";

/** What an API source is made of. */
export interface ApiSourceOptions {
  /** Closed by the source when it ends. */
  readonly client: Client;
  /** The Node to watch: the own one. */
  readonly nodeName: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** @default {KINDS} */
  readonly kinds?: readonly Kind[];
  /** A number from 0 to 1, for jitter. @default {Math.random} */
  readonly random?: () => number;
  readonly timing?: Partial<ReflectorTiming>;
  /** What the sink holds now, so that an object whose new version cannot be used stays as it was over a relist. */
  readonly held?: (kind: Kind, key: ObjectKey) => ClusterObject | undefined;
  /** Called for every object and line that is left out as unusable. */
  readonly onSkipped?: (kind: Kind) => void;
}

/** Makes the source that mirrors the API server: one reflector a kind, each of which heals by itself. */
export function createApiSource(options: ApiSourceOptions): Source {
  const { client, nodeName, clock, log, timing, held, onSkipped } = options;
  const { kinds = KINDS, random = Math.random } = options;
  return {
    async run(sink: Sink, signal: AbortSignal): Promise<void> {
      const reflectors = kinds.map((kind) => {
        const resource = resourceOf(kind, nodeName);
        return new Reflector({
          client,
          resource,
          sink,
          clock,
          log,
          random,
          timing,
          held,
          onSkipped,
        });
      });
      try {
        await Promise.all(reflectors.map((reflector) => reflector.run(signal)));
      } finally {
        client.close();
      }
    },
  };
}
