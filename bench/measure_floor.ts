import { NftSession } from "../backends/nftables/nft_session.ts";
import { systemClock } from "../model/clock.ts";
import type { Admin } from "./admin.ts";
import { type Cluster, SLICES } from "./cluster.ts";
import { randomService, timeChange } from "./measure_changes.ts";
import { RuleEvents } from "./rule_events.ts";

/** Milliseconds between two changes. */
const PAUSE_MS = 250;

const TABLE = "weir-bench-floor";

/**
 * Measures what no service proxy can be faster than: the time from the request for a changed endpoint to the kernel's
 * announcement, with nothing between the API server's watch and a running `nft -i` but a search for the address.
 */
export async function measureFloor(
  { cluster, admin, changes }: {
    readonly cluster: Cluster;
    readonly admin: Admin;
    readonly changes: number;
  },
): Promise<readonly number[]> {
  const session = new NftSession();
  const stop = new AbortController();
  await using events = new RuleEvents();
  const watched = new Watched();
  try {
    await session.apply(`add table ip ${TABLE}; add set ip ${TABLE} s { type ipv4_addr; }`);
    const reading = watched.read(admin.watch(SLICES, stop.signal));
    await systemClock.sleep(PAUSE_MS);
    const times: number[] = [];
    for (let done = 0; done < changes; done++) {
      const change = cluster.moveEndpoint(randomService(cluster));
      const written = watched.wait(change.address).then(() =>
        session.apply(`add element ip ${TABLE} s { ${change.address} }`)
      );
      times.push(await timeChange(change, events));
      await written;
      await systemClock.sleep(PAUSE_MS);
    }
    stop.abort();
    await reading;
    return times;
  } finally {
    stop.abort();
    await session.apply(`delete table ip ${TABLE}`).catch(() => {});
    await session.close();
  }
}

/** Finds one text at a time in a stream of bytes. */
class Watched {
  #wanted = "";
  #seen = () => {};

  wait(text: string): Promise<void> {
    this.#wanted = text;
    return new Promise((resolve) => this.#seen = resolve);
  }

  async read(stream: AsyncIterable<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder();
    let tail = "";
    for await (const bytes of stream) {
      const text = tail + decoder.decode(bytes, { stream: true });
      if (this.#wanted !== "" && text.includes(`"${this.#wanted}"`)) this.#seen();
      tail = text.slice(-40);
    }
  }
}
