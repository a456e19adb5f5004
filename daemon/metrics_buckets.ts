/** `count` numbers, each `factor` times the one before. */
export function powers(start: number, factor: number, count: number): number[] {
  return Array.from({ length: count }, (_, exponent) => start * factor ** exponent);
}

/** The numbers from `first` to `last`, both included. */
export function range(first: number, last: number, step: number): number[] {
  return Array.from({ length: (last - first) / step + 1 }, (_, index) => first + index * step);
}
