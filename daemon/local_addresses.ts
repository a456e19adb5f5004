import { normaliseAddress } from "../model/address.ts";
import type { Clock } from "../model/clock.ts";

/** Milliseconds between two looks at the node's interfaces, at the least. */
const POLL_MS = 500;

/** A look may take this part of the time at the most: thousands of interfaces take milliseconds to list. */
const SHARE = 1 / 100;

/** The addresses of this machine's interfaces, kept up to date. */
export class LocalAddresses {
  readonly #list: () => readonly { readonly address: string }[];
  #found = "";
  #addresses: readonly string[] = [];

  /** `list` is `Deno.networkInterfaces`, or stands for it. */
  constructor(list: () => readonly { readonly address: string }[] = Deno.networkInterfaces) {
    this.#list = list;
    this.look();
  }

  /** The addresses at the last look, normalised and sorted. */
  get current(): readonly string[] {
    return this.#addresses;
  }

  /** Looks at the interfaces now. Returns whether an address came or went. */
  look(): boolean {
    const found = this.#list().map(({ address }) => address);
    const text = found.join();
    if (text === this.#found) return false;
    this.#found = text;
    const normalised = found.map(normaliseAddress).filter((address) => address !== undefined);
    const addresses = [...new Set(normalised)].sort();
    if (addresses.join() === this.#addresses.join()) return false;
    this.#addresses = addresses;
    return true;
  }

  /** Looks twice a second until `signal` aborts, and calls `onChange` when an address came or went. */
  async watch(clock: Clock, onChange: () => void, signal: AbortSignal): Promise<void> {
    let pause = POLL_MS;
    while (!signal.aborted) {
      await clock.sleep(pause, signal);
      if (signal.aborted) return;
      const started = clock.monotonic();
      if (this.look()) onChange();
      pause = Math.max(POLL_MS, (clock.monotonic() - started) / SHARE);
    }
  }
}
