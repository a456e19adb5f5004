/** How waiting times grow. Milliseconds. */
export interface BackoffOptions {
  /** The first wait. @default {800} */
  readonly first?: number;
  /** No wait before jitter is longer. @default {30_000} */
  readonly most?: number;
  /** A number from 0 to 1; gives the jitter. */
  readonly random: () => number;
}

/**
 * Waiting times between attempts: 0.8 s, doubling up to 30 s as kube-proxy's client does, each a quarter shorter or
 * longer by chance, so that the nodes of a cluster do not return to a recovering server all at once.
 */
export class Backoff {
  readonly #first: number;
  readonly #most: number;
  readonly #random: () => number;
  #failures = 0;

  constructor(options: BackoffOptions) {
    this.#first = options.first ?? 800;
    this.#most = options.most ?? 30_000;
    this.#random = options.random;
  }

  /** Counts one more failure and returns the milliseconds to wait after it. */
  next(): number {
    const wait = Math.min(this.#most, this.#first * 2 ** this.#failures);
    if (wait < this.#most) this.#failures++;
    return Math.round(wait * (0.75 + this.#random() / 2));
  }

  /** Starts again with the shortest wait. */
  reset(): void {
    this.#failures = 0;
  }
}
