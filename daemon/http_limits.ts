/** What a client of weir's HTTP servers may use up. Times are milliseconds. */
export interface HttpLimits {
  /** Bytes of a request's head. Bodies are never read. */
  readonly headBytes: number;
  /** Until a new connection says its first byte, and again until a request's head is complete. */
  readonly headMs: number;
  /** How long a connection may be kept open between two requests: more than the usual intervals of scrapes. */
  readonly idleMs: number;
  /** How long an answer may be worked on, and again how long it may take to be sent. */
  readonly answerMs: number;
}

/** The limits of all servers. */
export const HTTP_LIMITS: HttpLimits = {
  headBytes: 8 * 1024,
  headMs: 10_000,
  idleMs: 90_000,
  answerMs: 10_000,
};

/** Connections that one server has open at the most. */
export const MOST_CONNECTIONS = 64;

/** Something that holds a connection. */
export interface Holder {
  /** Ends the connection. */
  close(): void;
}

/**
 * Keeps the number of open connections below a limit, so that no client can use up the process's file descriptors: nft
 * needs some.
 *
 * When there are too many, the one that has waited for a request for the longest time has to go. Whoever opens
 * connections and says nothing drives out those of the same kind; a health check, which sends its request at once, gets
 * its answer.
 */
export class ConnectionLimit {
  readonly #most: number;
  readonly #open = new Set<Holder>();
  /** Those that are between requests, the longest first. */
  readonly #waiting = new Set<Holder>();

  constructor(most: number = MOST_CONNECTIONS) {
    this.#most = most;
  }

  /** Takes in a connection, which waits for its first request. Returns false when all others are busy. */
  admit(holder: Holder): boolean {
    if (this.#open.size >= this.#most && !this.#evict()) return false;
    this.#open.add(holder);
    this.#waiting.add(holder);
    return true;
  }

  /** A request has come. */
  busy(holder: Holder): void {
    this.#waiting.delete(holder);
  }

  /** The answer is out. */
  waiting(holder: Holder): void {
    if (this.#open.has(holder)) this.#waiting.add(holder);
  }

  /** The connection has ended. */
  release(holder: Holder): void {
    this.#open.delete(holder);
    this.#waiting.delete(holder);
  }

  #evict(): boolean {
    const [oldest] = this.#waiting;
    if (oldest === undefined) return false;
    this.release(oldest);
    oldest.close();
    return true;
  }
}
