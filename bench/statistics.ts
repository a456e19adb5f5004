/** Returns the `q`-quantile (0 to 1) of `values`, the nearest rank; undefined when there are none. */
export function quantile(values: readonly number[], q: number): number | undefined {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
}

/** Returns the median of `values`; undefined when there are none. */
export function median(values: readonly number[]): number | undefined {
  return quantile(values, 0.5);
}
