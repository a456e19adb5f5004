/** A family of metrics as a scrape shows it. */
export interface MetricFamily {
  readonly type: string;
  /** The names of the labels of its samples, sorted, without those that its type brings; [] when there are no samples. */
  readonly labels: readonly string[];
  /** The upper bounds of a histogram's buckets. */
  readonly buckets: readonly number[];
  readonly samples: number;
}

/** Reads Prometheus' text format. */
export function parseExposition(text: string): ReadonlyMap<string, MetricFamily> {
  const families = new Map<string, MetricFamily>();
  for (const [, name = "", type = ""] of text.matchAll(/^# TYPE (\S+) (\S+)$/gm)) {
    const suffixes = type === "histogram" || type === "summary" ? "(?:_bucket|_sum|_count)?" : "";
    const pattern = new RegExp(`^${name}${suffixes}(?:\\{(.*)\\})? \\S+$`, "gm");
    const samples = [...text.matchAll(pattern)].map(([, labels = ""]) => labelsOf(labels));
    const labels = new Set(samples.flatMap((sample) => [...sample.keys()]));
    for (const own of ["le", "quantile"]) labels.delete(own);
    const bounds = samples.flatMap((sample) => sample.get("le") ?? []).map(bound);
    families.set(name, {
      type,
      labels: [...labels].sort(),
      buckets: [...new Set(bounds)].sort((a, b) => a - b),
      samples: samples.length,
    });
  }
  return families;
}

/** Returns the value of the sample with this name and labels, written as in the text; undefined when there is none. */
export function sampleOf(text: string, sample: string): number | undefined {
  const line = text.split("\n").find((each) => each.startsWith(`${sample} `));
  return line === undefined ? undefined : Number(line.slice(sample.length + 1));
}

function labelsOf(text: string): Map<string, string> {
  return new Map(
    [...text.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, name = "", value = ""]) => [
      name,
      value,
    ]),
  );
}

function bound(text: string): number {
  return text === "+Inf" ? Infinity : Number(text);
}
