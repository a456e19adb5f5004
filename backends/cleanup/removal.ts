/** What an attempt to remove something came to. */
export interface Removal {
  /** What is gone, for the log, such as `"12 chains and 7 jumps (iptables-nft)"`. */
  readonly removed: readonly string[];
  /** What was not looked at, and why: a tool that does not work here. A tool that is not installed is not worth a word. */
  readonly skipped: readonly string[];
  /** What is still there, and why. */
  readonly failures: readonly Error[];
}

/** Collects what parts of a cleanup come to: one that throws does not keep the next one from its turn. */
export class RemovalLog implements Removal {
  readonly removed: string[] = [];
  readonly skipped: string[] = [];
  readonly failures: Error[] = [];

  /** Does one part and returns what it returns; undefined when it threw. */
  async attempt<T>(part: () => Promise<T>): Promise<T | undefined> {
    try {
      return await part();
    } catch (error) {
      this.failures.push(error instanceof Error ? error : new Error(String(error)));
      return undefined;
    }
  }

  /** Takes in what another one came to. */
  add({ removed, skipped, failures }: Removal): void {
    this.removed.push(...removed);
    this.skipped.push(...skipped);
    this.failures.push(...failures);
  }
}
