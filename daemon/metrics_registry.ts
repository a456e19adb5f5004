import type { Registry } from "prom-client";
import { loadPromClient, type PromParts } from "./prom_client.ts";

/** Measurements that may wait for prom-client. */
const BACKLOG = 10_000;

/** A value for each label of a metric; `{}` for a metric without labels. */
export type Labels<Label extends string> = Readonly<Record<Label, string>>;

/** A metric that only grows. */
export interface Counter<Label extends string = never> {
  inc(labels: Labels<Label>, by?: number): void;
}

/** A metric that says how things are. */
export interface Gauge<Label extends string = never> {
  set(labels: Labels<Label>, value: number): void;
  inc(labels: Labels<Label>, by?: number): void;
}

/** A metric that counts measurements by size. */
export interface Histogram<Label extends string = never> {
  observe(labels: Labels<Label>, value: number): void;
}

/** What a metric is called and what it means. */
export interface MetricDescription<Label extends string> {
  readonly name: string;
  /** What it means, in one sentence. Its stability is put in front, as Kubernetes does. */
  readonly help: string;
  /** What Kubernetes promises of it; undefined where the metric is not one of Kubernetes'. @default {"ALPHA"} */
  readonly stability?: "ALPHA" | "BETA" | undefined;
  readonly labels?: readonly Label[];
}

/**
 * A set of metrics that costs nothing until it is read.
 *
 * Measurements are kept until prom-client is loaded, which happens at the first of: {@linkcode text}, a call of
 * {@linkcode load}, 10,000 measurements. So a start does not wait for it, and nothing measured before is missing.
 */
export class MetricsRegistry {
  readonly #factories: ((parts: PromParts, registry: Registry) => void)[] = [];
  readonly #collectors = new Set<() => void | Promise<void>>();
  readonly #sizes = new Map<string, number>();
  #backlog: (() => void)[] = [];
  #registry: Registry | undefined;
  #loading: Promise<Registry> | undefined;

  /** Adds a counter. Like the other two, to be called before anything is read. */
  counter<Label extends string = never>(metric: MetricDescription<Label>): Counter<Label> {
    const real = this.#define(metric, ({ Counter }, options) => new Counter(options));
    return { inc: (labels, by = 1) => this.#record(() => real().inc(labels, by)) };
  }

  /** Adds a gauge. */
  gauge<Label extends string = never>(metric: MetricDescription<Label>): Gauge<Label> {
    const real = this.#define(metric, ({ Gauge }, options) => new Gauge(options));
    return {
      set: (labels, value) => this.#record(() => real().set(labels, value)),
      inc: (labels, by = 1) => this.#record(() => real().inc(labels, by)),
    };
  }

  /** Adds a histogram. `buckets` are upper bounds, growing. */
  histogram<Label extends string = never>(
    metric: MetricDescription<Label> & { readonly buckets: readonly number[] },
  ): Histogram<Label> {
    const buckets = [...metric.buckets];
    const real = this.#define(
      metric,
      ({ Histogram }, options) => new Histogram({ ...options, buckets }),
    );
    return { observe: (labels, value) => this.#record(() => real().observe(labels, value)) };
  }

  /** Calls `collect` before every read, for metrics that are looked up then, until the returned function is called. */
  onRead(collect: () => void | Promise<void>): () => void {
    this.#collectors.add(collect);
    return () => this.#collectors.delete(collect);
  }

  /** How many metrics have been added, by their stability. */
  get sizes(): ReadonlyMap<string, number> {
    return this.#sizes;
  }

  /** Returns all metrics in Prometheus' text format (version 0.0.4). */
  async text(): Promise<string> {
    const registry = await this.#load();
    for (const collect of this.#collectors) await collect();
    return await registry.metrics();
  }

  /** Loads prom-client now, at a time when a pause of some 30 ms does not matter. */
  async load(): Promise<void> {
    await this.#load();
  }

  #load(): Promise<Registry> {
    return this.#loading ??= this.#build();
  }

  async #build(): Promise<Registry> {
    const parts = await loadPromClient();
    const registry = new parts.Registry();
    for (const factory of this.#factories) factory(parts, registry);
    this.#registry = registry;
    for (const measure of this.#backlog) measure();
    this.#backlog = [];
    return registry;
  }

  /** Has a metric made when prom-client is there, and returns a function that gives it from then on. */
  #define<Label extends string, Metric>(
    description: MetricDescription<Label>,
    make: (parts: PromParts, options: PromOptions<Label>) => Metric,
  ): () => Metric {
    const { name, help, labels = [] } = description;
    const stability = "stability" in description ? description.stability : "ALPHA";
    this.#sizes.set(stability ?? "", (this.#sizes.get(stability ?? "") ?? 0) + 1);
    let metric: Metric | undefined;
    this.#factories.push((parts, registry) => {
      const prefix = stability === undefined ? "" : `[${stability}] `;
      const options = {
        name,
        help: `${prefix}${help}`,
        labelNames: labels,
        registers: [registry],
      };
      metric = make(parts, options);
    });
    return () => metric as Metric;
  }

  #record(measure: () => void): void {
    if (this.#registry !== undefined) return measure();
    this.#backlog.push(measure);
    // Without prom-client there is nobody to measure for; those who read the metrics get the error.
    if (this.#backlog.length >= BACKLOG) this.#load().catch(() => this.#backlog = []);
  }
}

interface PromOptions<Label extends string> {
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly Label[];
  readonly registers: Registry[];
}
