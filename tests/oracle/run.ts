import type { NodeSpec } from "./cluster.ts";
import type { Scenario } from "./scenario.ts";

/** Scenarios that are played together, under one configuration of both proxies. */
export interface Run {
  /** Names the configuration. */
  readonly name: string;
  /** Fields of `KubeProxyConfiguration` beside those that every run has. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly node: NodeSpec;
  /** Milliseconds for what a proxy does once its rules are in the kernel. @default {300} */
  readonly settleMs?: number;
  /** True when kube-proxy never gets there: then only weir is waited for. */
  readonly stallsReference?: boolean;
  readonly scenarios: readonly Scenario[];
}

/** What both proxies did with one probe at one step. */
export interface Comparison {
  readonly run: string;
  readonly scenario: string;
  /** What had happened: "at first", or "after …". */
  readonly step: string;
  /** Who asked whom, e.g. `IPv4 client → node port 80/TCP`. */
  readonly probe: string;
  readonly reference: string;
  readonly weir: string;
}
