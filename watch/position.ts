import type { Client } from "./client.ts";
import { continues, currentMoment } from "./history.ts";

/** Where in the history of a server's data the sink stands. */
export class Position {
  /** Undefined: nowhere, a complete list is needed. */
  version: string | undefined;
  /** The last connection ended in an unusual way: what answers next may have other data. */
  doubtful = false;
  /** The history that `version` belongs to (see `Moment`); undefined: not known. */
  #lineage: string | undefined;

  /** Gives it up. */
  lose(): void {
    this.version = undefined;
    this.doubtful = false;
    this.#lineage = undefined;
  }

  /** Gives it up, and returns true then, if whoever answers now may not know the history that it belongs to. */
  async loseIfUnknown(client: Client, signal: AbortSignal): Promise<boolean> {
    if (this.version === undefined || !this.doubtful) return false;
    const now = this.#lineage === undefined ? undefined : await currentMoment(client, signal);
    this.doubtful = false;
    if (continues(now, this.#lineage, this.version)) return false;
    this.lose();
    return true;
  }

  /** Learns which history it belongs to, over the connection in use. Not to know it costs a list later. */
  async learnHistory(client: Client, signal: AbortSignal): Promise<void> {
    if (this.#lineage !== undefined) return;
    try {
      const moment = await currentMoment(client, signal);
      if (!signal.aborted) this.#lineage = moment?.lineage;
    } catch { /* the watch itself will tell what is wrong */ }
  }
}
