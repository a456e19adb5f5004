/** What an attempt to remove something came to. */
export interface Removal {
  /** What is gone, for the log, such as `"12 chains and 7 jumps (iptables-nft)"`. */
  readonly removed: readonly string[];
  /** What was not looked at, and why: a tool that does not work here. A tool that is not installed is not worth a word. */
  readonly skipped: readonly string[];
  /** What is still there, or may be because nobody was allowed to look, and why. */
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

  /** Notes that `tool` does not let us look. Where the kernel has nothing for it to show that is no harm. */
  unusable(tool: string, why: string): void {
    if (!isDenied(why)) this.skipped.push(`"${tool}" does not work here: ${why}`);
    else {
      const needed = `it needs CAP_NET_ADMIN${tool.includes("legacy") ? " and CAP_NET_RAW" : ""}`;
      this.failures.push(
        new Error(`Cannot look for what kube-proxy left with "${tool}", ${needed}: ${why}`),
      );
    }
  }

  /** Takes in what another one came to. */
  add({ removed, skipped, failures }: Removal): void {
    this.removed.push(...removed);
    this.skipped.push(...skipped);
    this.failures.push(...failures);
  }
}

/** Tells whether a program's complaint is about a right that it lacks, not about something that the kernel lacks. */
export function isDenied(why: string): boolean {
  return /permission denied|operation not permitted/i.test(why);
}
