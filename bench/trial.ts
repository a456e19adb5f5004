import type { Cluster } from "./cluster.ts";
import type { Size } from "./listing.ts";
import type { Effort } from "./options.ts";
import type { Proxy } from "./proxies.ts";
import type { Stage } from "./stage.ts";

/** One proxy on one cluster: what all measurements work with. */
export interface Trial {
  readonly proxy: Proxy;
  readonly cluster: Cluster;
  readonly stage: Stage;
  readonly effort: Effort;
  /** The path of the proxy's configuration. */
  readonly config: string;
}

/** What was measured of a proxy. */
export interface Findings extends Turn {
  readonly traffic: readonly Traffic[];
}

/** What a trial measured. Times are milliseconds unless they say otherwise. */
export interface Turn {
  /** The load average of the last minute before it began: what else the machine was doing. */
  readonly load: number;
  readonly starts: Starts;
  readonly changes: Changes;
  readonly churn: Churn | undefined;
  readonly size: Size;
}

/** Times from the start of the process until what the cluster has is in force. */
export interface Starts {
  /** Over an empty ruleset. */
  readonly fresh: readonly number[];
  /** Over the rules that the process before has left. */
  readonly again: readonly number[];
  /** CPU seconds of all its processes for the start over an empty ruleset. */
  readonly cpuSeconds: readonly number[];
  /** Resident bytes of the proxy's process once it has settled. */
  readonly resident: readonly number[];
  /** The most resident bytes of all its processes while it starts. */
  readonly peak: readonly number[];
}

/** What happens to the cluster while it is measured. */
export type ChangeName =
  | "one endpoint changed"
  | "Service added"
  | "Service removed"
  | "scaled from 10 to 9"
  | "scaled from 10 to 500";

/** Times from the request to the kernel's announcement. */
export type Changes = Readonly<Record<ChangeName, readonly number[]>>;

/** New connections one after the other. */
export interface Traffic {
  readonly title: string;
  /** Connections a second, of each round. */
  readonly rates: readonly number[];
  /** Microseconds of each connection. */
  readonly times: readonly number[];
  readonly failures: number;
}

/** Many changes, without waiting for one to be in force before the next. */
export interface Churn {
  readonly changes: number;
  readonly seconds: number;
  /** CPU seconds of all processes of the proxy, until everything was in force. */
  readonly cpuSeconds: number;
  /** How long each change took to be in force. */
  readonly lags: readonly number[];
  /** Changes that never were, because a later one of the same Service was quicker. */
  readonly overtaken: number;
  /** Resident bytes of the proxy's process afterwards. */
  readonly resident: number;
}

/** Returns what several turns found as one. The size is that of the last one; the memory after a churn is the most. */
export function together(turns: readonly Turn[]): Turn {
  const last = turns.at(-1);
  if (last === undefined) throw new Error("Nothing was measured");
  const churns = turns.flatMap(({ churn }) => churn ?? []);
  return {
    load: Math.max(...turns.map(({ load }) => load)),
    starts: joined(turns.map(({ starts }) => starts)),
    changes: joined(turns.map(({ changes }) => changes)),
    churn: churns.length === 0 ? undefined : {
      changes: sumOf(churns, "changes"),
      seconds: sumOf(churns, "seconds"),
      cpuSeconds: sumOf(churns, "cpuSeconds"),
      lags: churns.flatMap(({ lags }) => lags),
      overtaken: sumOf(churns, "overtaken"),
      resident: Math.max(...churns.map(({ resident }) => resident)),
    },
    size: last.size,
  };
}

/** Joins the lists of groups of the same kind, name by name. */
function joined<Group extends object>(groups: readonly Group[]): Group {
  const lists = groups as readonly Record<string, readonly number[]>[];
  const names = Object.keys(lists[0] ?? {});
  return Object.fromEntries(
    names.map((name) => [name, lists.flatMap((group) => group[name] ?? [])]),
  ) as Group;
}

function sumOf<Name extends string>(
  parts: readonly { readonly [Key in Name]: number }[],
  name: Name,
): number {
  return parts.reduce((sum, part) => sum + part[name], 0);
}
