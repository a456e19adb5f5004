import { deepEqual, equal } from "node:assert/strict";
import { MetricsRegistry } from "../../daemon/metrics_registry.ts";

/** The lines of `text` that are samples, without comments. */
function samples(text: string): string[] {
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

Deno.test("MetricsRegistry loses nothing that was measured before it was read", async () => {
  const registry = new MetricsRegistry();
  const counter = registry.counter({ name: "a_total", help: "A.", labels: ["kind"] });
  const gauge = registry.gauge({ name: "b", help: "B." });
  const histogram = registry.histogram({ name: "c", help: "C.", buckets: [1, 2] });
  counter.inc({ kind: "x" });
  counter.inc({ kind: "x" }, 2);
  gauge.set({}, 5);
  gauge.inc({}, -1);
  histogram.observe({}, 1.5);
  const before = samples(await registry.text());
  counter.inc({ kind: "y" });
  gauge.set({}, 7);
  histogram.observe({}, 3);
  const after = samples(await registry.text());
  deepEqual(before, [
    'a_total{kind="x"} 3',
    "b 4",
    'c_bucket{le="1"} 0',
    'c_bucket{le="2"} 1',
    'c_bucket{le="+Inf"} 1',
    "c_sum 1.5",
    "c_count 1",
  ]);
  deepEqual(after, [
    'a_total{kind="x"} 3',
    'a_total{kind="y"} 1',
    "b 7",
    'c_bucket{le="1"} 0',
    'c_bucket{le="2"} 1',
    'c_bucket{le="+Inf"} 2',
    "c_sum 4.5",
    "c_count 2",
  ]);
});

Deno.test("MetricsRegistry counts right when more is measured than may wait", async () => {
  const registry = new MetricsRegistry();
  const counter = registry.counter({ name: "a_total", help: "A." });
  for (let i = 0; i < 25_000; i++) counter.inc({});
  deepEqual(samples(await registry.text()), ["a_total 25000"]);
});

Deno.test("MetricsRegistry looks up what is to be looked up before every read", async () => {
  const registry = new MetricsRegistry();
  const gauge = registry.gauge({ name: "reads", help: "Reads." });
  registry.onRead(() => gauge.inc({}));
  await registry.load();
  await registry.text();
  deepEqual(samples(await registry.text()), ["reads 2"]);
});

Deno.test("MetricsRegistry puts the stability in front of the help, and shows metrics without samples", async () => {
  const registry = new MetricsRegistry();
  registry.counter({ name: "a_total", help: "Says a.", labels: ["kind"] });
  equal(await registry.text(), "# HELP a_total [ALPHA] Says a.\n# TYPE a_total counter\n");
});

Deno.test("two registries know nothing of each other", async () => {
  const one = new MetricsRegistry();
  const other = new MetricsRegistry();
  one.counter({ name: "a_total", help: "A." }).inc({});
  other.counter({ name: "a_total", help: "A." });
  deepEqual(samples(await one.text()), ["a_total 1"]);
  deepEqual(samples(await other.text()), ["a_total 0"]);
});
